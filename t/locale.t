# tpl_locale_path, tpl_locale, $tpl_locale: translated pages.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use TplServer;


# the bytes of a .mo file

sub mo {
    my (%texts) = @_;
    my (@table, $data);

    $texts{''} = "Content-Type: text/plain; charset=UTF-8\n"
               . ($texts{''} // '');

    my @ids = sort keys %texts;
    my $at = 28 + 16 * @ids;

    for my $s (@ids, map { $texts{$_} } @ids) {
        push @table, length $s, $at + length($data //= '');
        $data .= "$s\0";
    }

    return pack('V*', 0x950412de, 0, scalar @ids, 28, 28 + 8 * @ids, 0, $at,
                @table) . $data;
}


my $two = "Plural-Forms: nplurals=2; plural=(n != 1);\n";
my $three = "Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && "
          . "n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n";

my %files = (
    'locale/de/LC_MESSAGES/messages.mo' =>
        mo('' => $two, 'Hello' => 'Hallo', 'Bye' => 'Tschau',
           "%(num)s file\0%(num)s files" => "%(num)s Datei\0%(num)s Dateien",
           "menu\4Open" => "\xc3\x96ffnen", 'by %(who)s' => 'von %(who)s'),
    'locale/de_AT/LC_MESSAGES/messages.mo' => mo('Hello' => 'Servus'),
    'locale/pl/LC_MESSAGES/messages.mo' =>
        mo('' => $three, 'Hello' => "Cze\xc5\x9b\xc4\x87",
           "%(num)s file\0%(num)s files" =>
               "%(num)s plik\0%(num)s pliki\0%(num)s plik\xc3\xb3w"),
    'locale/pl/LC_MESSAGES/shop.mo' => mo('Hello' => 'Sklep'),
    'locale/README' => 'no locale',

    'templates/page.html' => "{{ _('Hello') }}, {% trans num=nginx.arg_n"
        . "|int(2) %}{{ num }} file{% pluralize %}{{ num }} files"
        . "{% endtrans %}",
    'templates/hello.html' => "{{ _('Hello') }} {{ _('Bye') }}",
    'templates/plain.html' => 'no messages',
    'templates/maybe.html' => "{% if nginx.arg_t %}{{ _('Hello') }}"
        . "{% else %}nothing{% endif %}",
    'templates/menu.html' => "{% trans 'menu' %}Open{% endtrans %}",
    'templates/name.html' => '{{ nginx.tpl_locale }}',
    'templates/param.html' => '{{ lang }}',
    'templates/new.html' => "{{ _('by %(who)s', who='<you>') }}",
    'templates/x/de.html' => 'deutsch',
    'templates/x/en.html' => 'english',
    'templates/x/pl.html' => 'polski',
);


my $t = TplServer->new(
    files => \%files,
    http => "tpl_locale_path locale;\nlog_format l '\$uri \$tpl_locale';\n"
          . "access_log logs/locale.log l;",
    server => <<'EOC');
location = /none { tpl_render hello.html; }
location = /de { tpl_locale de; tpl_render hello.html; }
location = /de_AT { tpl_locale de_AT; tpl_render hello.html; }
location = /de_CH { tpl_locale de_CH; tpl_render hello.html; }
location = /pl { tpl_locale pl; tpl_render hello.html; }
location = /off { tpl_locale off; tpl_render hello.html; }
location = /name/de { tpl_locale de; tpl_render name.html; }
location = /name/none { tpl_render name.html; }
location = /menu { tpl_locale de; tpl_render menu.html; }

location /auto/ {
    tpl_locale auto;
    location = /auto/page { tpl_render page.html; }
    location = /auto/hello { tpl_render hello.html; }
    location = /auto/plain { tpl_render plain.html; }
    location = /auto/maybe { tpl_render maybe.html; }
    location = /auto/name { tpl_render name.html; }
    location = /auto/param { tpl_param lang $tpl_locale;
                             tpl_render param.html; }
    location = /auto/pick { tpl_preload x/*; tpl_render x/$tpl_locale.html; }
    location = /auto/shop { tpl_locale_path locale domain=shop;
                            tpl_render hello.html; }
    location = /auto/off { tpl_locale off; tpl_render hello.html; }
    location = /auto/header { add_header Content-Language $tpl_locale;
                              tpl_render hello.html; }
    location = /auto/plain-text { default_type text/plain;
                                  return 200 "$tpl_locale"; }
    location = /auto/if {
        tpl_render hello.html;
        if ($arg_name) { tpl_param x y; }
    }
}

location = /default/de { tpl_locale auto default=de; tpl_render hello.html; }
location = /default/xx { tpl_locale auto default=xx; tpl_render name.html; }

location = /variable { tpl_locale $arg_lang; tpl_render hello.html; }
location = /list { tpl_locale $arg_lang,$http_accept_language;
                   tpl_render hello.html; }
location = /circle { tpl_locale $tpl_locale; tpl_render hello.html; }

location = /new { tpl_locale de; tpl_extensions i18n newstyle_gettext;
                  tpl_render new.html; }
location = /old { tpl_locale de; tpl_render new.html; }

location = /missing { return 404; error_page 404 /404; }
location = /404 { internal; tpl_locale auto; tpl_render hello.html; }
EOC

is($t->test, '', 'the configuration is good');
$t->start;

sub body { $t->get(@_)->{body} }


# a locale for a location; each is asked twice, for pages that a worker keeps

for (1, 2) {
    is(body('/none'), 'Hello Bye', 'no locale');
    is(body('/off'), 'Hello Bye', 'off');
    is(body('/de'), 'Hallo Tschau', 'de');
    is(body('/de_AT'), 'Servus Tschau', 'de_AT falls back on de');
    is(body('/de_CH'), 'Hallo Tschau', 'de_CH is de');
    is(body('/pl'), "Cze\xc5\x9b\xc4\x87 Bye", 'pl');
}

is(body('/menu'), "\xc3\x96ffnen", 'a context');
is(body('/name/de'), 'de', '$tpl_locale');
is(body('/name/none'), '', 'there is none');
is($t->get('/de')->{headers}{vary}, undef, 'a fixed locale does not vary');


# the client's languages

sub auto { body('/auto/hello', 'Accept-Language' => shift) }

my %chosen = (
    'de' => 'Hallo Tschau',
    'de-AT,de;q=0.9' => 'Servus Tschau',
    'DE-at' => 'Servus Tschau',
    'de-CH' => 'Hallo Tschau',
    'fr, pl;q=0.5' => "Cze\xc5\x9b\xc4\x87 Bye",
    'de;q=0.5, pl;q=0.6' => "Cze\xc5\x9b\xc4\x87 Bye",
    'en, de;q=0.9' => 'Hello Bye',
    'en-US,en;q=0.5' => 'Hello Bye',
    'fr' => 'Hello Bye',
    '*' => 'Hello Bye',
    'en;q=0, *' => 'Hallo Tschau',
    'de;q=0' => 'Hello Bye',
    ';;,q' => 'Hello Bye',
    'x' x 4000 => 'Hello Bye',
    'x,' x 2000 => 'Hello Bye',
);

is(auto($_), $chosen{$_}, substr "Accept-Language: $_", 0, 60)
    for sort keys %chosen;
is(body('/auto/hello'), 'Hello Bye', 'no Accept-Language');

is(body("/auto/page?n=$_->[0]", 'Accept-Language' => 'pl'),
   "Cze\xc5\x9b\xc4\x87, $_->[0] plik$_->[1]", "$_->[0] in Polish")
    for [1, ''], [2, 'i'], [5, "\xc3\xb3w"], [22, 'i'];

is(body('/auto/shop', 'Accept-Language' => 'pl'), 'Sklep Bye',
   'another domain');
is(body('/auto/shop', 'Accept-Language' => 'de'), 'Hello Bye',
   'which has no German');
is(body('/auto/off', 'Accept-Language' => 'de'), 'Hello Bye',
   'off in an inner location');
is(body('/auto/if?name=1', 'Accept-Language' => 'de'), 'Hallo Tschau', 'if');


# Vary and ETag

my ($de, $pl) = map { $t->get('/auto/hello', 'Accept-Language' => $_) }
                qw(de pl);

is($de->{headers}{vary}, 'Accept-Language', 'Vary');
isnt($de->{headers}{etag}, $pl->{headers}{etag}, 'ETags differ');

my $same = $t->get('/auto/hello', 'Accept-Language' => 'de',
                   'If-None-Match' => $de->{headers}{etag});
is($same->{status}, 304, 'not modified');
is($same->{headers}{vary}, 'Accept-Language', 'but it varies');
is($t->get('/auto/hello', 'Accept-Language' => 'pl',
           'If-None-Match' => $de->{headers}{etag})->{status}, 200,
   'the other language was modified');

is($t->get('/auto/plain')->{headers}{vary}, undef,
   'a page without messages does not vary');
is($t->get('/auto/maybe')->{headers}{vary}, undef,
   'nor one that asked for none');
is($t->get('/auto/maybe?t=1')->{headers}{vary}, 'Accept-Language',
   'but then it did');
is($t->get('/auto/off')->{headers}{vary}, undef, 'off does not vary');
is($t->get('/auto/hello', METHOD => 'HEAD')->{headers}{vary},
   'Accept-Language', 'HEAD');


# $tpl_locale

for my $path (qw(/auto/name /auto/param /auto/plain-text)) {
    is(body($path, 'Accept-Language' => 'de-at'), 'de_AT', $path);
    is(body($path, 'Accept-Language' => 'fr'), 'en', "$path, the default");
}

is($t->get($_)->{headers}{vary}, 'Accept-Language', "$_ varies")
    for qw(/auto/name /auto/param /auto/pick);

is(body('/auto/pick', 'Accept-Language' => 'pl'), 'polski', 'a template');
is(body('/auto/pick'), 'english', 'the default one');
is($t->get('/auto/header', 'Accept-Language' => 'pl')
     ->{headers}{'content-language'}, 'pl', 'a header');

like($t->log('locale.log'), qr{^/auto/pick pl$}m, 'in the log');
like($t->log('locale.log'), qr{^/none -$}m, 'none in the log');


# defaults and variables

is(body('/default/de'), 'Hallo Tschau', 'default=');
is(body('/default/de', 'Accept-Language' => 'pl'), "Cze\xc5\x9b\xc4\x87 Bye",
   'is only a default');
is(body('/default/xx'), 'xx', 'a default needs no catalogue');

is(body('/variable?lang=de'), 'Hallo Tschau', 'a name in a variable');
is(body('/variable?lang=de_AT'), 'Servus Tschau', 'another one');
is(body('/variable?lang=fr,pl;q=0.1'), "Cze\xc5\x9b\xc4\x87 Bye", 'a list');
is(body('/variable?lang=../../etc/passwd'), 'Hello Bye', 'no such locale');
is(body('/variable'), 'Hello Bye', 'empty');
is($t->get('/variable?lang=de')->{headers}{vary}, undef,
   'a variable is the author\'s to tell caches about');

is(body('/list?lang=de', 'Accept-Language' => 'pl'), 'Hallo Tschau',
   'the variable first');
is(body('/list', 'Accept-Language' => 'pl'), "Cze\xc5\x9b\xc4\x87 Bye",
   'then the client');
is(body('/circle'), 'Hello Bye', 'a variable of itself');


# the functions

is(body('/new'), 'von &lt;you&gt;', 'newstyle_gettext');
is($t->get('/old')->{status}, 500, 'old style takes no keywords');
is(body('/missing', 'Accept-Language' => 'de'), 'Hallo Tschau',
   'an error page');

$t->finish;


# what is wrong with a configuration

sub wrong {
    my ($server, $want, %more) = @_;
    my $bad = TplServer->new(files => { %files, %more },
                             server => $server);

    like($bad->test, $want, $server);
}

wrong('tpl_locale_path nowhere;',
      qr/opendir\(\) "nowhere" failed .* in nginx\.conf:\d+/);
wrong('tpl_locale_path templates;',
      qr/there is no "templates\/LOCALE\/LC_MESSAGES\/messages\.mo"/);
wrong('tpl_locale_path locale domain=a/b;',
      qr/invalid parameter "domain=a\/b"/);
wrong('tpl_locale_path locale nonsense;', qr/invalid parameter "nonsense"/);
wrong('tpl_locale_path $uri;', qr/variables are not possible/);
wrong('tpl_locale_path locale; tpl_locale_path locale;', qr/is duplicate/);
wrong('tpl_locale de; tpl_locale de;', qr/is duplicate/);
wrong('tpl_locale de default=en;', qr/invalid parameter "default=en"/);
wrong('tpl_locale auto nonsense;', qr/invalid parameter "nonsense"/);
wrong('tpl_locale $no_such_variable;',
      qr/unknown "no_such_variable" variable/);
wrong('tpl_locale_path locale; location / { tpl_locale xy; }',
      qr/"tpl_locale" in nginx\.conf:\d+: there is no catalogue for "xy" in "locale", its messages stay as they are written/);
wrong('tpl_locale_path locale;',
      qr/^\[emerg\] locale\/fr\/LC_MESSAGES\/messages\.mo: bad magic number/m,
      'locale/fr/LC_MESSAGES/messages.mo' => 'x' x 100);
wrong('tpl_locale_path locale;',
      qr/messages\.mo: invalid token in plural form: k in the header Plural-Forms/,
      'locale/fr/LC_MESSAGES/messages.mo' =>
          mo('' => "Plural-Forms: nplurals=2; plural=k;\n"));

done_testing();
