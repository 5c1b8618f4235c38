"""Work on the world beside the web: the nightly run, its leader, backups and the doctor."""
