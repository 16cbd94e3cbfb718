# The pages that `make bench` measures are Jinja2's, byte for byte, however
# nginx sends them: rendered, kept, by return, from a file, compressed.

exec '/usr/bin/python3', 'bench/run.py', '--check' or die $!;
