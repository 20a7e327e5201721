"""Which product a page is for: the one that the address or the form names, else the default one."""

from dataclasses import dataclass

from django.http import HttpRequest

from ports.matrix import Matrix
from ports.queries import current_matrix, list_products


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The current matrix of a product, and the products that one can choose from."""

    matrix: Matrix
    products: dict[str, str]
    """Slugs with names; empty where there is nothing to choose."""
    slug: str = ""
    """What addresses and forms have to say to stay with it; empty for the default product."""

    @property
    def query(self) -> str:
        """The end of an address that stays with it."""
        return f"?product={self.slug}" if self.slug else ""


def choose_product(request: HttpRequest) -> Chosen:
    """The product that is asked for, with its matrix. Raises NoMatrix when it isn't here, and MatrixError."""
    asked = (request.POST.get("product") or request.GET.get("product") or "").strip()
    products = list_products()
    matrix = current_matrix(asked)
    default = next(iter(products), "")
    return Chosen(
        matrix=matrix,
        products=products if len(products) > 1 else {},
        slug=matrix.product_slug if matrix.product_slug != default else "",
    )
