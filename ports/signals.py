"""Every change of a row raises its matrix's stamp, so that every process sees it in the next report."""

from django.db.models import F
from django.db.models.signals import post_delete, post_save

from ports.models import ROWS, PortMatrix, Row


def raise_stamp(sender: type[Row], instance: Row, **_: object) -> None:
    """Count a change of one of the matrix's rows."""
    PortMatrix.objects.filter(pk=instance.matrix_id).update(stamp=F("stamp") + 1)


for row_model in ROWS:
    post_save.connect(raise_stamp, sender=row_model)
    post_delete.connect(raise_stamp, sender=row_model)
