"""Shared by `video`, `audio` and `rendition`: open a file with FFmpeg, read its facts, its pictures and its sound."""
