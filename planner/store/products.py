"""Which matrix a new document is read under, by the product that it names. It needs the tables of matrices alone."""

from planner.plan.faults import Fault, PlanError, shown
from ports.matrix import Matrix
from ports.queries import current_matrix, list_products


def matrix_for(product: object, otherwise: Matrix | None = None) -> Matrix:
    """The current matrix of the product that a new document names; the default product's if it names none.

    `otherwise` stands for the default product's. Raises PlanError with those that are here when the product isn't,
    NoMatrix when there is none at all, and MatrixError.
    """
    if not isinstance(product, str) or not product:
        return otherwise or current_matrix()
    if otherwise is not None and product == otherwise.product_slug:
        return otherwise
    here = list_products()
    if not here and otherwise is not None:
        return otherwise
    if here and product not in here:
        raise PlanError(
            [Fault("product", f"{shown(product)} is not known here; allowed are {', '.join(here)}.", "unknown")]
        )
    return current_matrix(product)
