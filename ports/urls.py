"""Addresses of the port matrix, below /matrix/."""

from django.urls import path

from ports import edition_views, views

urlpatterns = [
    path("", views.show_matrix, name="show_matrix"),
    path("compare/", edition_views.compare_editions, name="compare_editions"),
    path("amend/", edition_views.amend_row, name="amend_row"),
    path("amendments/<int:number>/revert/", edition_views.revert, name="revert_amendment"),
    path("activate/", edition_views.activate, name="activate_edition"),
    path("download.csv", views.download_matrix, {"syntax": "csv"}, name="download_matrix"),
    path("download.json", views.download_matrix, {"syntax": "json"}, name="download_matrix"),
]
