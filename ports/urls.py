"""Addresses of the port matrix, below /matrix/."""

from django.urls import path

from ports import views

urlpatterns = [
    path("", views.show_matrix, name="show_matrix"),
    path("download.csv", views.download_matrix, {"syntax": "csv"}, name="download_matrix"),
    path("download.json", views.download_matrix, {"syntax": "json"}, name="download_matrix"),
]
