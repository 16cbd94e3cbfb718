# request.endpoint, view_args, blueprint and url_rule: the route that Flask
# takes for a path is the one that the template sees.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;

my $python = $ENV{PYTHON} // '/usr/bin/python3';

# in this order: it decides between routes that are alike

my @rules = (
    [lead => '/<path:p>'],
    [index => '/'],
    [user => '/user/<name>'],
    [me => '/user/me'],
    [user_number => '/user/<int:id>'],
    [user_again => '/user/<other>'],
    [user_page => '/user/<string(minlength=2, maxlength=4):name>/<int:page>/'],
    [code => '/code/<string(length=3):c>'],
    [year => '/year/<int(fixed_digits=4):year>'],
    [small => '/n/<int(min=3, max=9):n>'],
    [degrees => '/t/<int(signed=True):t>'],
    [price => '/price/<float:amount>'],
    [signed => '/price/<float(signed=True, max=2.5):amount>/now'],
    [wiki => '/wiki/<path:page>/edit'],
    [wiki_old => '/wiki/<path:page>/<int:version>'],
    [about => '/<any(about, help, "a,b"):page>'],
    [object => '/o/<uuid:id>'],
    [odd => "/caf\xc3\xa9 & co/<a>-<b>.html"],
    [dash => '/d/<a>-<b>'],
    [first => '/x/<a>/y'],
    [second => '/x/y/<b>'],
    ['admin.list' => '/admin/list'],
    ['a.b.c' => '/abc'],
);

my @paths = (
    '/', '/user/ann', '/user/me', '/user/7', '/user/007', '/user/7a', '/user/',
    '/user/ann/3/', '/user/a/3/', '/user/annette/3/', '/user/caf%C3%A9/3/',
    '/code/abc', '/code/abcd', '/code/%C3%A9%C3%A9%C3%A9',
    '/year/2024', '/year/24', '/n/2', '/n/3', '/n/9', '/n/10',
    '/t/5', '/t/-5', '/t/--5', '/t/-', '/price/1.5', '/price/15', '/price/1.',
    '/price/.5', '/price/1.5.2', '/price/-1.5', '/price/-1.5/now',
    '/price/2.6/now', '/wiki/a/b/edit', '/wiki/edit', '/wiki/a/edit/edit',
    '/wiki/a/7', '/wiki/a/7/8', '/about', '/help', '/a,b', '/a%2Cb', '/nothing',
    '/o/12345678-1234-5678-1234-567812345678',
    '/o/ABCDEF78-1234-5678-1234-56781234567A', '/o/12345678',
    '/caf%C3%A9%20%26%20co/1-2.html', '/caf%C3%A9%20%26%20co/1-2-3.html',
    '/d/1-2', '/d/1-2-3', '/d/12', '/x/1/y', '/x/y/1', '/x/y/y',
    '/admin/list', '/abc', '/static/css/a.css', '/static/', '/a/b?c=d',
    '/n/99999999999999999999', '/d/' . 'a-' x 2000,
);

my $ask = '{% autoescape false %}{{ request.endpoint }} {{ request.view_args }} '
        . '{{ request.blueprint }} {{ request.url_rule }}{% endautoescape %}';

my $t = TplServer->new(
    files => {
        'templates/ask.txt' => $ask,
        'templates/nav.html' => '{% for name in ["index", "user"] %}'
            . '<a{% if request.endpoint == name %} class=active{% endif %}>'
            . '{% endfor %}',
        'static/css/a.css' => 'a {}',
    },
    http => join('', map { "    tpl_route $_->[0] '$_->[1]';\n" } @rules)
        . "    tpl_route expression '/(.*)';\n",
    server => <<"EOC");
        tpl_static static /static/ static;
        location / { tpl_render ask.txt; }
        location = /nav { rewrite ^ /user/ann break; tpl_render nav.html; }
        location = /user/nav { tpl_render nav.html; }
EOC

is($t->test, '', 'the configuration is good');
$t->start;

open my $out, '>:raw', "$t->{dir}/oracle.py" or die $!;
print $out <<'EOP', map({ "rule('$_->[0]', '$_->[1]')\n" } @rules), <<'EOP';
# -*- coding: utf-8 -*-
import json, sys
from flask import Flask, render_template_string
app = Flask('x')
def rule(name, rule):
    # a blueprint's endpoints have dots
    app.url_map.add(app.url_rule_class(rule, endpoint=name))
EOP
ask = sys.argv[1]
for path in json.load(sys.stdin):
    with app.test_request_context(path):
        print(json.dumps(render_template_string(ask)))
EOP
close $out;

open $out, '>:raw', "$t->{dir}/paths.json" or die $!;
print $out '[', join(', ', map { qq("$_") } @paths), ']';
close $out;

open my $in, '-|', 'sh', '-c',
    qq(exec $python $t->{dir}/oracle.py '$ask' < $t->{dir}/paths.json) or die $!;
my @want = <$in>;
is(scalar @want, scalar @paths, 'Flask has answered');

for my $path (@paths) {
    my $want = shift @want // '';
    chomp $want;
    $want =~ s/^"|"$//g;
    $want =~ s/\\u([0-9a-f]{4})/my $c = chr hex $1; utf8::encode($c); $c/ge;
    $want =~ s/\\"/"/g;

    # a UUID is a string here
    $want =~ s/UUID\(('[^)]*')\)/$1/;

    my $got = $t->get($path)->{body};
    is(substr($got, 0, 500), substr($want, 0, 500), substr $path, 0, 60);
}

is($t->get('/user/nav')->{body}, '<a><a class=active>', 'a menu');

$t->finish;

done_testing();
