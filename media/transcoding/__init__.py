"""Songs in other formats, made by ffmpeg while they are listened to."""
