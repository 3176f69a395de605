"""What `video`, `audio` and `rendition` share: opening one file with FFmpeg, its facts, its pictures and its sound."""
