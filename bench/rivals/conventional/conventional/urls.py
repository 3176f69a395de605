from django.urls import path
from uploads.views import FileDetailView, FileListView, UploadView

urlpatterns = [
    path("upload/", UploadView.as_view()),
    path("files/", FileListView.as_view()),
    path("files/<int:pk>/", FileDetailView.as_view()),
]
