# What is made with the configuration: pages that no request can change, and
# what tpl_gzip knows of the others.
#
# A page that is there has taken no steps ($tpl_steps) for the first request.

use strict;
use warnings;

use lib 't/lib';
use IO::Uncompress::Gunzip qw(gunzip);
use Test::More;
use TplServer;

my $long = join "\n", map { "<li class=\"item\">text number $_</li>" } 1 .. 200;

# a catalogue with one message
my $mo = pack 'V7 V2 V2 Z6 Z6', 0x950412de, 0, 1, 28, 36, 0, 0, 5, 44, 5, 50,
              'hello', 'hallo';

my %constant = (
    text => [$long],
    loop => ['{% for i in range(3) %}{{ i }},{% endfor %}', '', '0,1,2,'],
    param => ['{{ p }}', 'tpl_param p "a <b>";', 'a &lt;b&gt;'],
    empty => ['{{ p }}', 'tpl_param p 1; tpl_param p "" if_not_empty;', '1'],
    json => ["{\% for x in j \%}{{ x }}$long\{\% endfor \%}",
             'tpl_json j "[1, 2]";', "1${long}2$long"],
    data => ['{{ d[1].a }}', 'tpl_data d d.json;', 'two'],
    change => ['{% do j.append(3) %}{{ j }}{% do j.append(4) %}{{ j|length }}',
               'tpl_json j "[1]";', '[1, 3]3'],
    extends => ['{% extends "base.html" %}{% block a %}A{% endblock %}', '',
                "A|$long"],
    block => ['{% block a %}A{% endblock %}{% block b %}B{% endblock %}',
              'block=b', 'B'],
    route => ["{{ url_for('page', n=1) }}", '', '/pages/1'],
    locale => ["{{ _('hello') }}", 'tpl_locale_path locale; tpl_locale de;',
               'hallo'],
    nothing => ['', '', ''],
);

my %varies = (
    variable => ['{{ nginx.uri }}', '', '/variable'],
    index => ['{{ nginx["ur" ~ "i"] }}', '', '/index'],
    argument => ['{{ p }}', 'tpl_param p $arg_p;', ''],
    default => ['{{ p }}', 'tpl_param p 1; tpl_param p $arg_p if_not_empty;',
                '1'],
    arrays => ['{{ j }}', 'tpl_json j "[$args]";', '[]'],
    request => ['{{ request.path }}', '', '/request'],
    host => ["{{ url_for('page', n=1, _external=true)|length > 9 }}", '',
             'True'],
    fetched => ['{{ f|safe }}', 'tpl_fetch f /file as=text;', $long],
    unused => ['unused {{ 1 }}', 'tpl_fetch f /file as=text;', 'unused 1'],
    call => ["{{ fetch('/file', as='text')|safe }}", '', $long],
    chosen => ['{% block a %}A{% endblock %}{% block b %}B{% endblock %}',
               'block=$arg_b', 'AB'],
    impure => ['{{ now().year > 2000 }}', '', 'True'],
    header => ["{\% do header('X-Own', 'yes') \%}with a header", '',
               'with a header'],
    language => ["{{ _('hello') }}",
                 'tpl_locale_path locale; tpl_locale $arg_l default=de;',
                 'hallo'],
    stream => ["a{\% flush \%}b", 'tpl_stream on;', 'ab'],
    catches => ["{\% try \%}{{ request.path }}{\% except Exception \%}no"
                . "{\% end \%}", 'tpl_syntax tornado;', '/catches'],
    steps => ['{% for i in range(200) %}{% for j in range(200) %}'
              . '{% for k in range(40) %}{% endfor %}{% endfor %}{% endfor %}x',
              '', 'x'],
);

my %files = ('templates/base.html' => "{\% block a \%}{\% endblock \%}|$long",
             'templates/wrong.html' => 'half {{ 1 / 0 }}',
             'templates/pick/a.html' => "{{ nginx.args }}$long",
             'templates/gzip.html' => "{{ nginx.args }}$long",
             'templates/reload.html' => "{{ nginx.args }}$long",
             'templates/filter.html' => "{{ data.n }}$long",
             'locale/de/LC_MESSAGES/messages.mo' => $mo,
             'html/file' => $long,
             'd.json' => '[{"a": "one"}, {"a": "two"}]');
my $server = "add_header X-Steps \$tpl_steps always;\n"
             . "tpl_route page '/pages/<n>';\n"
             . "location = /file { root html; try_files /file =404; }\n"
             . "location = /wrong { tpl_render wrong.html; }\n";

my %pages = (%constant, %varies);

for my $name (sort keys %pages) {
    my ($text, $lines) = @{$pages{$name}};
    my $option = ($lines // '') =~ /^block=/ ? $lines : '';
    $lines = '' if $option || !defined $lines;

    $files{"templates/$name.html"} = $text;
    $server .= "location = /$name { tpl_render $name.html $option; $lines }\n"
               . "location = /gzip/$name { tpl_gzip on; $lines"
               . " tpl_render $name.html $option; }\n";
}

sub same {
    my ($reply, $body, $name) = @_;

    gunzip(\$reply->{body} => \my $plain, TrailingData => \my $rest);
    is($reply->{headers}{'content-encoding'}, 'gzip', "$name: gzip");
    is($plain, $body, "$name: the page");
}


my $t = TplServer->new(files => \%files, server => $server);

is($t->test, '', 'an error of a page is not one of the configuration');
$t->start;

for my $name (sort keys %pages) {
    my $body = $pages{$name}[2] // $pages{$name}[0];
    my $reply = $t->get("/$name");

    is($reply->{status}, 200, $name);
    is($reply->{body}, $body, "$name: the page");

    if ($constant{$name}) {
        is($reply->{headers}{'x-steps'}, 0, "$name: is there");
    } else {
        cmp_ok($reply->{headers}{'x-steps'}, '>', 0, "$name: is rendered");
    }

    my $again = $t->get("/$name");

    is($again->{body}, $body, "$name: again");
    is($again->{headers}{etag}, $reply->{headers}{etag}, "$name: its ETag");

    my $packed = $t->get("/gzip/$name", 'Accept-Encoding' => 'gzip');

    same($packed, $body =~ s{^/\Q$name\E$}{/gzip/$name}r, $name)
        if length $body > 149;
}

my $wrong = $t->get('/wrong');

is($wrong->{status}, 500, 'a page with an error');
like($t->log, qr/template "wrong.html" failed: .*division by zero/,
     'is logged when it is asked for');

$t->finish;


# a page is the same whoever renders it: its ETag must not tell workers apart

$t = TplServer->new(files => \%files, server => <<"EOC");
    location = /ready { tpl_render json.html; tpl_json j '[1, 2]'; }
    location = /asked { tpl_render json.html; tpl_json j '[1, 2]';
                        tpl_stream on; }
EOC
$t->start;
is($t->get('/ready')->{headers}{etag}, $t->get('/asked')->{headers}{etag},
   'the ETag of a page rendered before and at a request');
$t->finish;


# gzip

SKIP: {
    skip 'nginx has no debug log', 1
        unless `$TplServer::nginx -V 2>&1` =~ /--with-debug/;

    # many texts: only so much is done before a request

    my %many = map { ("templates/many/$_.html"
                      => "{{ nginx.args }}$_" . join '', map { " $_" . $_ * 7919 }
                         $_ * 3000 .. $_ * 3000 + 3000) } 1 .. 40;

    $t = TplServer->new(
        files => {%files, %many}, http => 'tpl_reload 50ms;',
        main => 'error_log logs/debug.log debug;',
        server => <<'EOC');
    tpl_gzip on;
    location = /gzip { tpl_render gzip.html; }
    location = /reload { tpl_render reload.html; }
    location = /text { tpl_render text.html; }
    location = /filter { default_type application/json; tpl_filter filter.html;
                         return 200 '{"n": 7}'; }
    location /pick/ { tpl_preload pick/*.html; tpl_render $uri.html; }
    location /many/ { tpl_preload many/*.html; tpl_render $uri.html; }
EOC
    $t->start;

    my $made = sub {
        open my $in, '<', "$t->{dir}/logs/debug.log" or die $!;
        my %made;
        /http tpl model of "(.*?)"/ && $made{$1}++ while <$in>;
        return join ' ', map { "$_ $made{$_}" } sort keys %made;
    };
    my @gzip = ('Accept-Encoding' => 'gzip');

    same($t->get('/gzip?x', @gzip), "x$long", 'a model');
    same($t->get('/text', @gzip), $long, 'a constant page');
    same($t->get('/reload?x', @gzip), "x$long", 'another model');
    same($t->get('/filter', @gzip), "7$long", 'a model of tpl_filter');
    is($made->(), '', 'no request had to wait for a model');
    same($t->get('/pick/a?x', @gzip), "x$long", 'a template that was picked')
        for 1, 2;
    is($made->(), 'pick/a.html 1', 'had to, once');

    # the worker makes it when it reads the template again

    $t->write('templates/reload.html', "{{ nginx.args }}new $long");

    for (1 .. 100) {
        last if $t->get('/reload?x')->{body} =~ /^xnew/;
        select undef, undef, undef, 0.05;
    }

    like($made->(), qr/reload\.html 1/, 'a template that is read again');
    same($t->get('/reload?x', @gzip), "xnew $long", 'its page');
    like($made->(), qr/reload\.html 1$/, 'once');
    $t->finish;

    # more of them than are worth the time

    $t = TplServer->new(
        files => \%many, main => 'error_log logs/debug.log debug;',
        server => "tpl_gzip on;\n" . join '', map {
            "location = /$_ { tpl_render many/$_.html; }\n" } 1 .. 40);
    $t->start;

    $t->get("/$_?x", @gzip) for 1 .. 40;

    my $late = () = $made->() =~ /many/g;

    cmp_ok($late, '>', 10, 'of many large templates some are made');
    cmp_ok($late, '<', 30, 'and some at the first request');
    $t->finish;
}

done_testing();
