# The pages that `make bench` measures are Jinja2's, byte for byte, however
# nginx sends them: rendered, kept, by return, from a file, compressed.

# The benchmarks start nginx with the dynamic module.

if (($ENV{TPL_MODULE} // '') eq 'static') {
    print "1..0 # SKIP the dynamic module only\n";
    exit;
}

exec '/usr/bin/python3', 'bench/run.py', '--check' or die $!;
