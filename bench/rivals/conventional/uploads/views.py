from functools import partial

from django.db import transaction
from rest_framework import generics
from rest_framework.parsers import FormParser, MultiPartParser

from .models import File
from .serializers import FileSerializer
from .tasks import process_file


class UploadView(generics.CreateAPIView):
    queryset = File.objects.all()
    serializer_class = FileSerializer
    parser_classes = [MultiPartParser, FormParser]

    @transaction.atomic
    def perform_create(self, serializer):
        upload = serializer.save()
        transaction.on_commit(partial(process_file.delay, upload.pk))


class FileListView(generics.ListAPIView):
    queryset = File.objects.order_by("-id")
    serializer_class = FileSerializer


class FileDetailView(generics.RetrieveAPIView):
    queryset = File.objects.all()
    serializer_class = FileSerializer
