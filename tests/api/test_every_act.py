"""Each act of the pages beside the operation that does the same for programs, or why there is none.

An address that takes what is posted and stands in neither table fails, and so does an operation that isn't there.
"""

import inspect

from django.contrib import admin
from django.urls import URLPattern, get_resolver

from tests.api.programs import describe

ONE_EDIT = ("replace_plan",)
"""What a form changes of the document a program changes in the document that it sends."""
ACTS = {
    # making plans
    "start_plan": ("make_plan",),
    "guided_start": ("make_plan",),
    "import_plan": ("make_plan", "import_archive"),
    "duplicate_plan": ("copy_plan",),
    # a plan's document
    **dict.fromkeys(
        (
            "rename_plan",
            "override_port",
            "switch_module",
            "add_flow",
            "edit_flow",
            "delete_flow",
            "add_exclusion",
            "delete_exclusion",
            "add_never",
            "add_policies",
            "remove_never",
            "add_firewall",
            "edit_firewall",
            "delete_firewall",
            "answer_questions",
            "add_endpoint",
            "edit_endpoint",
            "move_endpoint",
            "duplicate_endpoint",
            "delete_endpoint",
            "change_endpoints",
            "add_zone",
            "edit_zone",
            "delete_zone",
        ),
        ONE_EDIT,
    ),
    "edit_endpoints_table": ("replace_plan", "import_endpoints"),
    "check_endpoints": ("import_endpoints",),  # with `stores` false
    "import_endpoints": ("import_endpoints",),
    "decide_choice": ("decide_choice", "replace_plan"),
    "correct_caveat": ("answer_caveat", "replace_plan"),
    "switch_edition": ("switch_edition",),
    # its history
    "undo_change": ("undo",),
    "redo_change": ("redo",),
    "restore_revision": ("restore_revision",),
    "name_checkpoint": ("name_checkpoint",),
    "hand_over": ("hand_over",),
    # rules, comments, results, files
    "set_state": ("set_states",),
    "set_states": ("set_states",),
    "close_rules": ("set_states",),
    "add_comment": ("add_comment",),
    "resolve_comment": ("resolve_comment",),
    "delete_comment": ("delete_comment",),
    "show_acceptance": ("send_results",),
    "forget_run": ("delete_run",),
    "show_existing": ("read_gap",),
    "download_existing": ("read_gap",),
    "cancel_job": ("cancel_file",),
    "cancel_read_job": ("cancel_file",),
    # who holds it
    "delete_plan": ("delete_plan",),
    "restore_plan": ("restore_plan",),
    "archive_plan": ("put_aside",),
    "make_link": ("make_link",),
    "revoke_link": ("revoke_link",),
    "bring_back_link": ("restore_link",),
    "print_link": ("print_link",),
    "make_edit_link": ("make_edit_link",),
    "withdraw_edit_link": ("withdraw_edit_link",),
    "give_back": ("give_back",),
    "open_edit_link": ("open_edit_link",),
    "continue_edit_link": ("open_edit_link",),
    "add_member": ("add_member",),
    "change_member": ("change_member",),
    "remove_member": ("remove_member",),
    "give_to_git": ("give_to_git",),
    "take_from_git": ("take_from_git",),
    "show_uploads": ("make_upload",),
    "revoke_upload": ("revoke_upload",),
}
PREVIEW = "shows what a form would do; a program asks `evaluate` and `compare` of the document that it would send"
PERSON = "is about the login of a person, which no token may change"
TOKEN = "a token that made others would outlive its own end; they are made and revoked where people log in"
LINK = "is what the link itself is for: whoever has it needs no token, and a program that holds the plan has more"
STAFF = (
    "is what staff do, who give their password again for it; the editions of a service change by `manage.py matrix`"
)
WITHOUT = {
    "guided_preview": PREVIEW,
    "guided_names": PREVIEW,
    "preview_questions": PREVIEW,
    "prepare_flows": PREVIEW,
    "name_visitor": "names the browser of a person; a program has the name of its token",
    "take_states": "sets the states of rules that a comparison proposes: `set_states` with what `read_gap` says",
    "forget_compared": "of comparisons that people keep: a program's are kept nowhere",
    **dict.fromkeys(
        ("enter_link", "report_state", "report_states", "send_results", "cancel_open_job", "upload_results"), LINK
    ),
    **dict.fromkeys(
        (
            "log_in",
            "log_out",
            "log_in_staff",
            "change_password",
            "give_code",
            "end_session",
            "prepare_factor",
            "confirm_factor",
            "make_codes",
            "remove_factor",
        ),
        PERSON,
    ),
    "show_tokens": TOKEN,
    "revoke_token": TOKEN,
    "amend_row": STAFF,
    "revert_amendment": STAFF,
    "activate_edition": STAFF,
}


def list_methods(view):
    """The methods that a view, or what it wraps, takes by django's decorators; any where none of them says so."""
    seen, left, found = set(), [view], set()
    while left:
        one = left.pop()
        if id(one) in seen or not inspect.isfunction(one):
            continue
        seen.add(id(one))
        kept = inspect.getclosurevars(one).nonlocals
        found |= set(kept.get("request_method_list", ()))
        left += [value for value in kept.values() if inspect.isfunction(value)]
    return found or {"GET", "POST"}


def walk(patterns):
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name, list_methods(pattern.callback)
        elif str(pattern.pattern) != "admin/" and pattern.app_name != "ninja":
            yield from walk(pattern.url_patterns)


def test_every_act_of_a_page_is_there_for_programs_or_has_its_reason():
    views = dict(walk(get_resolver().url_patterns))
    posts = {name for name, methods in views.items() if methods & {"POST", "PUT"}}
    assert posts == ACTS.keys() | WITHOUT.keys()
    assert not ACTS.keys() & WITHOUT.keys()


def test_every_operation_that_stands_for_an_act_is_one():
    operations = {one["operationId"] for methods in describe()["paths"].values() for one in methods.values()}
    assert {name for names in ACTS.values() for name in names} <= operations


def test_what_staff_do_in_the_admin_is_known():
    """None of it is there for programs: a token gives no password, which the admin asks for before each of them."""
    found = {
        name: list(shown.actions)
        for name, shown in ((model.__name__, shown) for model, shown in admin.site._registry.items())
        if shown.actions
    }
    assert found == {
        "Plan": ["appoint_owner", "withdraw_edit_links"],
        "ShareLink": ["revoke"],
        "User": ["give_to_heir", "switch_factor_off"],
        "Event": ["export"],
    }
