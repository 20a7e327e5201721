"""Every change of a row gives its matrix a new stamp, so that every process sees it in the next report."""

from django.db.models.signals import post_delete, post_save

from ports.models import ROWS, PortMatrix, Row, new_stamp


def renew_stamp(sender: type[Row], instance: Row, **_: object) -> None:
    """Tell that one of the matrix's rows changed."""
    PortMatrix.objects.filter(pk=instance.matrix_id).update(stamp=new_stamp())


for row_model in ROWS:
    post_save.connect(renew_stamp, sender=row_model)
    post_delete.connect(renew_stamp, sender=row_model)
