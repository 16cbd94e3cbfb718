# Reloading: new pages when they are good, the old ones when they are not.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my $t = TplServer->new(
    workers => 2,
    files => { 'templates/a.html' => 'one {{ list }} {{ nginx.arg_x }}',
               'templates/const.html' => 'const one',
               'data.json' => '[1]' },
    server => <<'EOC');
        tpl_data list data.json;
        location / { tpl_render a.html; }
        location /const { tpl_render const.html; }
EOC
$t->start;

is($t->get('/?x=y')->{body}, 'one [1] y', 'before');
is($t->get('/const')->{body}, 'const one', 'before');

# files change nothing until the reload

$t->write('templates/a.html', 'two {{ list }} {{ nginx.arg_x }}');
$t->write('templates/const.html', 'const two');
$t->write('data.json', '[2]');

is($t->get('/?x=y')->{body}, 'one [1] y', 'changed files are not looked at');

ok($t->reload, 'reload');
is($t->get('/?x=y')->{body}, 'two [2] y', 'new template, new data');
is($t->get('/const')->{body}, 'const two', 'constant pages are new, too');

# a broken template

$t->write('templates/a.html', "three\n{{ oops");
$t->write('templates/const.html', 'const three');

ok(!$t->reload, 'a broken template: no new workers');
is($t->get('/?x=y')->{body}, 'two [2] y', 'the old page stays');
is($t->get('/const')->{body}, 'const two', 'and the others with it');
like($t->log, qr{\[emerg\] .*templates/a\.html:2:\d+: },
     'the log says where it is broken');

# a broken data file

$t->write('templates/a.html', 'four {{ list }} {{ nginx.arg_x }}');
$t->write('data.json', '[4');

ok(!$t->reload, 'a broken data file: no new workers');
is($t->get('/?x=y')->{body}, 'two [2] y', 'the old page stays');

# a file that is gone

$t->write('data.json', '[4]');
unlink "$t->{dir}/templates/const.html";

ok(!$t->reload, 'a template that is gone: no new workers');
is($t->get('/const')->{body}, 'const two', 'the old page stays');

# and good again

$t->write('templates/const.html', 'const four');

ok($t->reload, 'repaired');
is($t->get('/?x=y')->{body}, 'four [4] y', 'the new page');
is($t->get('/const')->{body}, 'const four', 'the new page');

# other settings

$t->configure(server => <<'EOC');
        location / { tpl_render a.html; tpl_param list five; }
EOC
ok($t->reload, 'another configuration');
is($t->get('/?x=y')->{body}, 'four five y', 'is in use');
is($t->get('/const')->{body}, 'four five ', 'is in use');

# a number of reloads while requests come in

for my $n (1 .. 5) {
    $t->write('templates/a.html', "turn $n");
    ok($t->reload, "reload $n");
    is($t->get('/')->{body}, "turn $n", "turn $n");
}

$t->finish(emerg => 1);

done_testing();
