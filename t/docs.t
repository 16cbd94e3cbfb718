#!/usr/bin/perl

# The examples of README.md and docs/: nginx takes each configuration, `tpl`
# compiles each template. (What docs/language.md shows is rendered by
# t/engine/test_docs.py; what the cookbook does stands in conf.example and is
# asked for by t/example.t.)
#
# An example says neither at which level it stands nor what is around it, so it
# is tried in http, server and location; the files and hosts it names are made.

use strict;
use warnings;

use lib 't/lib';

use IPC::Open3;
use Test::More;
use TplServer;

my $tpl = $ENV{TPL} || 'build/tpl';

my $starts = qr/^(?:\#.*\n)?(?:load_module|map|upstream|server|location|error_page
                  |log_format|add_header|auth_request|tpl_\w+)\s/x;


sub slurp {
    my ($name) = @_;

    open my $f, '<', $name or die "$name: $!\n";
    local $/;
    return scalar <$f>;
}


# the examples of a page: [line, language, text]; indented or fenced

sub examples {
    my ($page) = @_;
    my (@found, $text);

    while ($page =~ /^```(.*)\n((?:(?!```).*\n)*)```|((?:^\ {4}.*\n|^\n(?=\ {4}))+)/mg) {
        my ($language, $fenced, $body) = ($1 // '', $2, $3);
        my $line = 1 + (() = substr($page, 0, $-[0]) =~ /\n/g);

        if (defined $body) {
            $body =~ s/^ {4}//mg;
            $line += length $1 if $body =~ s/^(\n+)//;
        }

        push @found, [$line, $language, $body // $fenced];
    }

    return @found;
}


# what nginx says of a configuration at the level that suits it best

sub configuration {
    my ($text) = @_;
    my $t = TplServer->new;
    my ($http, @said) = ('');

    if ($text =~ /^load_module/) {
        $text =~ s/^load_module.*\n+events \{ ?\}\n+http \{\n(.*)\n\}\n/$1/s
            or return 'not a whole configuration';
        $text =~ s/^    tpl_root .*\n//m;
    }

    # beside a directive of a location what it needs of http
    $http .= $1 while $text =~ s/^(map .*(?:\}.*|(?:\n .*)+\n\})\n)//m;
    $text =~ s/^ *\.\.\.\n//mg;

    $text =~ s/\blisten(\s+)80(80)?;/listen${1}127.0.0.1:@{[TplServer::free_port()]};/g;
    $text =~ s/(proxy_pass\s+http:\/\/)api[\w.]*(:\d+)?/${1}127.0.0.1:8000/g;
    $text =~ s/(file:|\s)(?=\/(srv|etc\/nginx\/flask))/$1$t->{dir}/g;
    $text =~ s/(tpl_root\s+)\S+;/$1templates;/g;

    while ($text =~ /\btpl_(?:render|filter)\s+([\w.\/]+)/g) {
        $t->write("templates/$1", 'a page')
            if $1 ne 'off' && !-e "$t->{dir}/templates/$1";
    }

    $t->write($1, '[]') while $text =~ /\btpl_data\s+\w+\s+(\S+);/g;
    $t->write('templates/pages/about.html', '');
    $t->write('etc/nginx/flask.key', 'secret');
    $t->write('srv/site/static/a.css', '');

    # a catalogue without messages
    $t->write("$1/de/LC_MESSAGES/messages.mo",
              pack('V7', 0x950412de, 0, 0, 28, 28, 0, 28))
        while $text =~ /\btpl_locale_path\s+([^\s;]+)/g;

    for my $level ('%s', "server {\n%s}\n",
                   "server {\nlocation / {\n%s}\n}\n")
    {
        $t->configure(http => $http . sprintf($level, $text));

        my $said = $t->test;
        return '' if $said eq '';
        push @said, $said;
    }

    return join '', @said;
}


# what the compiler says of a template

sub template {
    my ($syntax, $text) = @_;
    my $t = TplServer->new(files => { 'templates/page.html' => $text });

    my $said = $t->run($tpl, 'check', '--syntax', $syntax, '--root',
                       "$t->{dir}/templates", 'page.html');

    return $said eq "1 template checked\n" ? '' : $said;
}


# the test can fail

isnt(configuration("location / {\n    tpl_rendr  a.html;\n}\n"), '',
     'a directive that does not exist is found');
isnt(configuration("tpl_param  name;\n"), '', 'so is an argument that is missing');
isnt(template('jinja', '{% if %}'), '', 'so is a template that does not compile');

for my $name ('README.md', grep { !/language\.md$/ } glob 'docs/*.md') {
    my $count = 0;

    for (examples(slurp($name))) {
        my ($line, $language, $text) = @$_;

        if ($language =~ /^yaml/) {

            if ($text =~ /^  nginx\.conf: \|\n((?: {4}.*\n|\n)+)/m) {
                (my $conf = $1) =~ s/^ {4}//mg;
                is(configuration($conf), '', "$name:$line: its nginx.conf");
            }

            $text =~ s/[^\x00-\x7f]/?/g;
            my $pid = open3(my $in, my $out, undef, '/usr/bin/python3', '-c',
                            'import sys, yaml; print(len(list(yaml.safe_load_all(sys.stdin))))');
            print $in $text;
            close $in;
            my $documents = () = $text =~ /^kind: /mg;
            is(join('', <$out>), "$documents\n", "$name:$line: YAML of $documents objects");
            waitpid $pid, 0;
            $count++;

        } elsif ($text =~ $starts) {
            is(configuration($text), '', "$name:$line: a configuration");
            $count++;

        } elsif ($text =~ /\{[%{]/ && $text !~ /^(?:class|Syntax:|nginx:|\[error\])/) {
            is(template($name =~ /tornado/ ? 'tornado' : 'jinja', $text), '',
               "$name:$line: a template");
            $count++;
        }
    }

    note("$name: $count examples");
}

done_testing();
