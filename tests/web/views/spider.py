"""What a reader receives: everything that can be reached from an address, and every layer of bytes in it."""

import base64
import binascii
import html
import io
import re
import struct
import zipfile
import zlib
from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import combinations
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urljoin, urlsplit

import openpyxl
import pypdf
from pypdf.generic import StreamObject

from tests.paper import read_pages
from tests.web.views.pages import HTMX, Page

SITE = "http://testserver"
ADDRESSES = ("href", "src", "action", "poster", "data", "hx-get", "xlink:href")
OPTIONS = {"cover", "default_deny", "host_files", "open_undecided", "unfold"}
"""What an address says of a file beside the filter."""
ALONE = (frozenset({"show"}), frozenset({"unfold"}), frozenset({"ask_from", "ask_to", "ask_service"}))
"""What an address of a page says of how it shows its rows, and of the packet that is asked about: no filter."""
WRITES = ("formaction", "hx-post", "hx-put", "hx-patch", "hx-delete")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request and its answer."""

    path: str
    """With its query string."""
    response: object
    part: str = ""
    """The element that htmx asked for, if it did."""

    @property
    def kind(self):
        return self.response.headers.get("Content-Type", "").partition(";")[0]

    @property
    def is_html(self):
        return self.kind == "text/html" and "attachment" not in self.response.headers.get("Content-Disposition", "")

    def __str__(self):
        return f"{self.path}{f' for #{self.part}' if self.part else ''} ({self.response.status_code}, {self.kind})"


@dataclass
class Spider:
    """Follows what it finds in each answer, in order, without sending a form that isn't a search.

    Addresses of pages that differ in values alone are asked for once, those with several names as long as two of them
    haven't been together before, and files once as filtered, but every option of a form is chosen once, in each view
    that has the form. One that isn't `thorough` asks for each view and each name once, and chooses the first option of
    each field in the first view.
    """

    client: object
    thorough: bool = True
    visits: list = field(default_factory=list)
    seen: set = field(default_factory=set)
    met: set = field(default_factory=set)
    """Addresses as they stood on some page, from the root, with what they were for."""
    posts: list = field(default_factory=list)
    """Pages and where their forms and buttons would write to."""
    outside: set = field(default_factory=set)
    """Addresses that were met and not asked for, since they don't begin with `within`."""

    def crawl(self, *starts, within=""):
        """Visit the addresses and all that follows from them, as long as it begins with `within`."""
        queue = deque((start, "", True) for start in starts)
        while queue:
            path, part, sure = queue.popleft()
            kinds = {(path, part)} if sure else {(kind, part) for kind in self._kinds_of(path, part)}
            if kinds <= self.seen:
                continue
            if not path.startswith(within):
                self.outside.add(path)
                continue
            self.seen |= kinds
            assert len(self.seen) < 3000, "this crawl doesn't end"
            queue.extend(self._find(self._visit(path, part)))
        return self

    def _kinds_of(self, path, part):
        parts = urlsplit(path)
        pairs = parse_qsl(parts.query)
        names = frozenset(name for name, _ in pairs)
        view = dict(pairs).get("view", "")
        where = view if self.thorough else ""
        for alone in ALONE:
            if not alone.isdisjoint(names):  # once in each view, whatever else the address says
                return [(parts.path, where, alone)]
        if parts.path.endswith("/"):
            some = combinations(sorted(names), min(2 if self.thorough else 1, len(names)))
            return [*((parts.path, where, *few) for few in some), *([] if where == view else [(parts.path, "", view)])]
        return [(parts.path, names & OPTIONS, bool(names - OPTIONS))]

    def _visit(self, path, part):
        headers = HTMX | {"HX-Target": part} if part else {}
        visit = Visit(path, self.client.get(path, headers=headers), part)
        read(visit.response)
        self.visits.append(visit)
        return visit

    def _find(self, visit):
        if location := visit.response.headers.get("Location"):
            yield from self._local(visit, location)
        if visit.kind == "text/css":
            for address in re.findall(r"url\(([^)]+)\)", read(visit.response).decode()):
                yield from self._local(visit, address.strip("\"'"))
        if not visit.is_html:
            return
        page = Page(visit.response)
        forms = iter(page.all("form"))
        for tag, attributes in page.tags():
            writes = [attributes[name] for name in WRITES if name in attributes]
            form = next(forms) if tag == "form" else None
            if form is not None:
                if form.get("method", "get").lower() == "get":
                    yield from self._fill(visit, form)
                    continue
                if form.get("method") == "dialog":
                    continue  # it closes what it is in, and is sent nowhere
                writes.append(form.get("action", visit.path))
            self.posts += [(visit.path, address) for address in writes]
            for name in ADDRESSES:
                if attributes.get(name) and form is None and not writes:
                    part = attributes.get("hx-target", "").removeprefix("#") if name == "hx-get" else ""
                    yield from self._local(visit, attributes[name], part)

    def _local(self, visit, address, part="", *, sure=False):
        if address.startswith("/"):  # wherever it stands, so most of them have been met
            if (address, part, sure) in self.met:
                return
            self.met.add((address, part, sure))
        joined = urlsplit(urljoin(f"{SITE}{visit.path}", address))
        if joined.scheme in ("http", "https") and f"{joined.scheme}://{joined.netloc}" == SITE:
            yield f"{joined.path}?{joined.query}" if joined.query else joined.path, part, sure

    def _fill(self, visit, form):
        """The addresses that a search form sends: as it is, and with every option of every field by itself."""
        fields = [element for element in form.iter() if element.tag in ("input", "select") and element.get("name")]
        usual, choices = {}, []
        for element in fields:
            name, kind = element.get("name"), element.get("type", "text")
            if element.tag == "select":
                options = [option.get("value", "".join(option.itertext())) for option in element.iter("option")]
                choices += [(name, option) for option in options]
            elif kind == "checkbox":
                choices.append((name, element.get("value", "on")))
            else:
                usual[name] = element.get("value", "")
                if kind != "hidden":
                    choices += [(name, "1"), (name, "e")]
        shape = (
            form.get("id"),
            form.get("action"),
            tuple(sorted((name, usual[name]) for name in usual if name == "view" and self.thorough)),
        )
        if shape in self.seen or any(usual[name] for name in usual if name != "view"):
            return  # another page has the same form, without a filter
        self.seen.add(shape)
        action = form.get("hx-get") or form.get("action") or visit.path.partition("?")[0]
        known = set()
        for name, option in (("", ""), *((name, option) for name, option in choices if option)):
            if name in known and not self.thorough:
                continue
            known.add(name)
            query = urlencode({name: value for name, value in (usual | {name: option}).items() if value})
            for part in {"", (form.get("hx-target") or "").removeprefix("#")}:
                yield from self._local(visit, f"{action}?{query}" if query else action, part, sure=True)


def read(response):
    """The body of an answer, streamed or not."""
    if response.streaming:
        if not hasattr(response, "kept"):
            response.kept = b"".join(response.streaming_content)
            for close in response._resource_closers:  # `response.close` would shut the test's database, too
                close()
        return response.kept
    return response.content


def layers(response):
    """Everything that is told by an answer, as pairs of a name and bytes: headers, body, and what is packed in it."""
    cookies = "\n".join(morsel.OutputString() for morsel in response.cookies.values())
    yield "headers", "\n".join(f"{name}: {value}" for name, value in response.items()).encode()
    yield "cookies", unquote_to_bytes(cookies)
    body = read(response)
    if body.startswith((b"PK", b"%PDF")):
        # It takes long to unpack, and a file is looked through for one thing after the other.
        if not hasattr(response, "unpacked"):
            response.unpacked = tuple(_unpack("body", body))
        yield from response.unpacked
    else:
        yield from _unpack("body", body)


def _unpack(name, data):
    yield name, data
    if data.startswith(b"PK"):
        yield from _unzip(name, data)
    elif data.startswith(b"%PDF"):
        yield from _read_pdf(name, data)
    elif data.startswith(b"\x89PNG"):
        yield from _read_png(name, data)
    elif not data.startswith(b"\x1f\x8b"):
        text = data.decode("utf-8", "replace")
        yield f"{name}, as text", html.unescape(text).encode("utf-8", "replace")
        yield f"{name}, without tags", html.unescape(re.sub(r"<[^>]*>|\s", "", text)).encode("utf-8", "replace")
        yield f"{name}, unquoted", unquote_to_bytes(data.replace(b"+", b" "))
        for number, packed in enumerate(re.findall(rb"data:[\w/+.-]+;base64,([A-Za-z0-9+/=]+)", data)):
            yield from _unpack(f"{name}, data {number}", base64.b64decode(packed))
    else:
        yield from _unpack(f"{name}, unpacked", zlib.decompress(data, 31))


def _unzip(name, data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        yield f"{name}, its remark", archive.comment
        for info in archive.infolist():
            about = [info.filename.encode(), info.comment, info.extra]
            yield f"{name}, about {info.filename}", b" ".join(about)
            yield from _unpack(f"{name}, {info.filename}", archive.read(info))
        if "xl/workbook.xml" in archive.namelist():
            book = openpyxl.load_workbook(io.BytesIO(data))
            cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
            assert cells
            said = [str(cell.value) for cell in cells] + [str(cell.comment.text) for cell in cells if cell.comment]
            said += book.sheetnames + [str(value) for value in vars(book.properties).values()]
            said += [str(cell.hyperlink.target) for cell in cells if cell.hyperlink]
            yield f"{name}, cells", "\n".join(said).encode()


def _read_pdf(name, data):
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert reader.pages
    for number, (page, text) in enumerate(zip(reader.pages, read_pages(data), strict=True), 1):
        yield f"{name}, page {number}", text.encode("utf-8", "replace")
        yield f"{name}, page {number} without white space", "".join(text.split()).encode("utf-8", "replace")
        for note in page.get("/Annots", []):
            yield f"{name}, note on page {number}", str(note.get_object()).encode("utf-8", "replace")
    yield f"{name}, facts", str(reader.metadata).encode()
    yield f"{name}, outline", str(reader.outline).encode("utf-8", "replace")
    yield f"{name}, destinations", str(list(reader.named_destinations)).encode("utf-8", "replace")
    streams = 0
    for index in range(1, int(reader.trailer["/Size"])):
        thing = reader.get_object(pypdf.generic.IndirectObject(index, 0, reader))
        if isinstance(thing, StreamObject):
            streams += 1
            kept = thing.get_data()
            yield f"{name}, stream {index}", kept
            yield f"{name}, its names in stream {index}", str(dict(thing)).encode("utf-8", "replace")
            if b"\0" in kept:
                yield f"{name}, UTF-16 in stream {index}", kept.replace(b"\0", b"")
        elif thing is not None:
            yield f"{name}, object {index}", str(thing).encode("utf-8", "replace")
    assert streams


def _read_png(name, data):
    place, kinds = 8, []
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        chunk = data[place + 8 : place + 8 + length]
        place += length + 12
        kinds.append(kind)
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            for start in range(len(chunk)):
                try:
                    yield f"{name}, packed {kind}", zlib.decompress(chunk[start:])
                except zlib.error:
                    continue
    assert kinds[-1] == b"IEND"


def forms_of(secret):
    """A secret as it may stand in bytes: plain, quoted, escaped, or as part of something in base64."""
    plain = secret.encode()
    packed = set()
    for shift in range(3):
        # What of a longer text in base64 depends on the secret alone, wherever in the text it stands.
        start, end = (shift * 4 + 2) // 3, (len(plain) + shift) * 8 // 6
        packed.add(base64.b64encode(b"\0" * shift + plain)[start:end])
    return {
        plain, quote(secret).encode(), html.escape(secret).encode(), secret.encode("utf-16-be"),
        secret.encode("unicode_escape"), binascii.hexlify(plain),
        *packed, *(part.replace(b"+", b"-").replace(b"/", b"_") for part in packed),
    }  # fmt: skip


def find(visits, secrets):
    """Sentences on where any of the secrets stands in an answer, in small letters or large."""
    needles = [(name, form.lower()) for name, secret in secrets.items() for form in forms_of(secret) if len(form) > 5]
    by_start = defaultdict(list)  # what begins alike is sought together first, as most of it is nowhere
    for name, form in needles:
        by_start[form[:4]].append((name, form))
    assert not any(b"\n" in form for _, form in needles)  # so each is in one line, or in none
    found, looked_at, having = [], set(), {}
    for visit in visits:
        told = {}
        for layer, data in layers(visit.response):
            lines = set(data.lower().split(b"\n"))
            fresh = lines - looked_at  # much is sent over and over: headers, pictures, most lines of a page
            looked_at |= fresh
            text = b"\n".join(fresh)
            likely = (group for start, group in by_start.items() if start in text)
            for name, form in [(name, form) for group in likely for name, form in group if form in text]:
                for line in fresh:
                    if form in line:
                        having.setdefault(line, set()).add(name)
            told = dict.fromkeys(set().union(*(having[line] for line in lines & having.keys())), layer) | told
        found += [f"{name} in {layer} of {visit}" for name, layer in told.items()]
    return found
