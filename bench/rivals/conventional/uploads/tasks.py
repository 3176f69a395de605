from celery import shared_task

from .models import File


@shared_task
def process_file(file_id):
    """Read the file and mark it processed: the placeholder that such a build starts with."""
    upload = File.objects.get(pk=file_id)
    with upload.file.open("rb") as stream:
        for _ in stream:
            pass
    upload.processed = True
    upload.save(update_fields=["processed"])
