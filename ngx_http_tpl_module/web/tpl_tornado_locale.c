
/*
 * Tornado's Locale: messages, dates, numbers and lists in the language of the
 * request.
 *
 * Without a catalogue a locale is Tornado's CSVLocale of no translations: every
 * message is its own.
 */

#include <math.h>

#include "builtins/tpl_catalogue.h"
#include "builtins/tpl_module_datetime.h"
#include "web/tpl_tornado_request.h"


#define TPL_LOCALE_MINUTE  60000000LL

/* tornado.locale: CONTEXT_SEPARATOR */
#define TPL_LOCALE_CONTEXT  '\x04'


typedef struct {
    tpl_object_t             object;
    tpl_str_t                code;
    const tpl_catalogue_t   *catalogue;
    tpl_web_t               *web;
} tpl_tlocale_t;


static tpl_int_t tpl_tlocale_attr(tpl_exec_t *exec, tpl_object_t *obj,
    const tpl_name_t *name, tpl_value_t *out);

static tpl_int_t tpl_tlocale_value(tpl_call_t *call);
static tpl_int_t tpl_tlocale_underscore(tpl_call_t *call);
static tpl_int_t tpl_tlocale_translate(tpl_call_t *call);
static tpl_int_t tpl_tlocale_pgettext(tpl_call_t *call);
static tpl_int_t tpl_tlocale_format_date(tpl_call_t *call);
static tpl_int_t tpl_tlocale_format_day(tpl_call_t *call);
static tpl_int_t tpl_tlocale_list(tpl_call_t *call);
static tpl_int_t tpl_tlocale_number(tpl_call_t *call);


static const tpl_class_t  tpl_tlocale_class = {
    .name = "Locale",
    .get_attr = tpl_tlocale_attr
};


const tpl_builtin_def_t  tpl_tornado_locale_globals[] = {
    { "locale", "", tpl_tlocale_value, TPL_FN_VALUE|TPL_FN_CONTEXT },
    { "_", "", tpl_tlocale_underscore, TPL_FN_VALUE|TPL_FN_CONTEXT },
    { NULL, NULL, NULL, 0 }
};


const tpl_builtin_def_t  tpl_tornado_locale_methods[] = {
    { "Locale:translate", "self, message, plural_message=, count=",
      tpl_tlocale_translate, 0 },
    { "Locale:pgettext", "self, context, message, plural_message=, count=",
      tpl_tlocale_pgettext, 0 },
    { "Locale:format_date",
      "self, date, gmt_offset=, relative=, shorter=, full_format=",
      tpl_tlocale_format_date, 0 },
    { "Locale:format_day", "self, date, gmt_offset=, dow=",
      tpl_tlocale_format_day, 0 },
    { "Locale:list", "self, parts", tpl_tlocale_list, 0 },
    { "Locale:friendly_number", "self, value", tpl_tlocale_number, 0 },
    { NULL, NULL, NULL, 0 }
};


/* tornado._locale_data: LOCALE_NAMES; sorted */

static const char *const  tpl_tlocale_names[][2] = {
    { "af_ZA", "Afrikaans" },
    { "am_ET", "\xe1\x8a\xa0\xe1\x88\x9b\xe1\x88\xad\xe1\x8a\x9b" },
    { "ar_AR", "\xd8\xa7\xd9\x84\xd8\xb9\xd8\xb1\xd8\xa8\xd9\x8a\xd8\xa9" },
    { "bg_BG",
      "\xd0\x91\xd1\x8a\xd0\xbb\xd0\xb3\xd0\xb0\xd1\x80\xd1\x81\xd0"
      "\xba\xd0\xb8" },
    { "bn_IN",
      "\xe0\xa6\xac\xe0\xa6\xbe\xe0\xa6\x82\xe0\xa6\xb2\xe0\xa6\xbe" },
    { "bs_BA", "Bosanski" },
    { "ca_ES", "Catal\xc3\xa0" },
    { "cs_CZ", "\xc4\x8c""e\xc5\xa1tina" },
    { "cy_GB", "Cymraeg" },
    { "da_DK", "Dansk" },
    { "de_DE", "Deutsch" },
    { "el_GR",
      "\xce\x95\xce\xbb\xce\xbb\xce\xb7\xce\xbd\xce\xb9\xce\xba\xce"
      "\xac" },
    { "en_GB", "English (UK)" },
    { "en_US", "English (US)" },
    { "es_ES", "Espa\xc3\xb1ol (Espa\xc3\xb1""a)" },
    { "es_LA", "Espa\xc3\xb1ol" },
    { "et_EE", "Eesti" },
    { "eu_ES", "Euskara" },
    { "fa_IR", "\xd9\x81\xd8\xa7\xd8\xb1\xd8\xb3\xdb\x8c" },
    { "fi_FI", "Suomi" },
    { "fr_CA", "Fran\xc3\xa7""ais (Canada)" },
    { "fr_FR", "Fran\xc3\xa7""ais" },
    { "ga_IE", "Gaeilge" },
    { "gl_ES", "Galego" },
    { "he_IL", "\xd7\xa2\xd7\x91\xd7\xa8\xd7\x99\xd7\xaa" },
    { "hi_IN",
      "\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6"
      "\xe0\xa5\x80" },
    { "hr_HR", "Hrvatski" },
    { "hu_HU", "Magyar" },
    { "id_ID", "Bahasa Indonesia" },
    { "is_IS", "\xc3\x8dslenska" },
    { "it_IT", "Italiano" },
    { "ja_JP", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" },
    { "ko_KR", "\xed\x95\x9c\xea\xb5\xad\xec\x96\xb4" },
    { "lt_LT", "Lietuvi\xc5\xb3" },
    { "lv_LV", "Latvie\xc5\xa1u" },
    { "mk_MK",
      "\xd0\x9c\xd0\xb0\xd0\xba\xd0\xb5\xd0\xb4\xd0\xbe\xd0\xbd\xd1"
      "\x81\xd0\xba\xd0\xb8" },
    { "ml_IN",
      "\xe0\xb4\xae\xe0\xb4\xb2\xe0\xb4\xaf\xe0\xb4\xbe\xe0\xb4\xb3"
      "\xe0\xb4\x82" },
    { "ms_MY", "Bahasa Melayu" },
    { "nb_NO", "Norsk (bokm\xc3\xa5l)" },
    { "nl_NL", "Nederlands" },
    { "nn_NO", "Norsk (nynorsk)" },
    { "pa_IN",
      "\xe0\xa8\xaa\xe0\xa9\xb0\xe0\xa8\x9c\xe0\xa8\xbe\xe0\xa8\xac"
      "\xe0\xa9\x80" },
    { "pl_PL", "Polski" },
    { "pt_BR", "Portugu\xc3\xaas (Brasil)" },
    { "pt_PT", "Portugu\xc3\xaas (Portugal)" },
    { "ro_RO", "Rom\xc3\xa2n\xc4\x83" },
    { "ru_RU", "\xd0\xa0\xd1\x83\xd1\x81\xd1\x81\xd0\xba\xd0\xb8\xd0\xb9" },
    { "sk_SK", "Sloven\xc4\x8dina" },
    { "sl_SI", "Sloven\xc5\xa1\xc4\x8dina" },
    { "sq_AL", "Shqip" },
    { "sr_RS", "\xd0\xa1\xd1\x80\xd0\xbf\xd1\x81\xd0\xba\xd0\xb8" },
    { "sv_SE", "Svenska" },
    { "sw_KE", "Kiswahili" },
    { "ta_IN",
      "\xe0\xae\xa4\xe0\xae\xae\xe0\xae\xbf\xe0\xae\xb4\xe0\xaf\x8d" },
    { "te_IN",
      "\xe0\xb0\xa4\xe0\xb1\x86\xe0\xb0\xb2\xe0\xb1\x81\xe0\xb0\x97"
      "\xe0\xb1\x81" },
    { "th_TH",
      "\xe0\xb8\xa0\xe0\xb8\xb2\xe0\xb8\xa9\xe0\xb8\xb2\xe0\xb9\x84"
      "\xe0\xb8\x97\xe0\xb8\xa2" },
    { "tl_PH", "Filipino" },
    { "tr_TR", "T\xc3\xbcrk\xc3\xa7""e" },
    { "uk_UA",
      "\xd0\xa3\xd0\xba\xd1\x80\xd0\xb0\xd1\x97\xd0\xbd\xd1\x81\xd1"
      "\x8c\xd0\xba\xd0\xb0" },
    { "vi_VN", "Ti\xe1\xba\xbfng Vi\xe1\xbb\x87t" },
    { "zh_CN", "\xe4\xb8\xad\xe6\x96\x87(\xe7\xae\x80\xe4\xbd\x93)" },
    { "zh_TW", "\xe4\xb8\xad\xe6\x96\x87(\xe7\xb9\x81\xe9\xab\x94)" }
};


static const char *const  tpl_tlocale_months[] = {
    "January", "February", "March", "April", "May", "June", "July", "August",
    "September", "October", "November", "December"
};

static const char *const  tpl_tlocale_days[] = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    "Sunday"
};


tpl_int_t
tpl_tornado_locale(tpl_exec_t *exec, tpl_value_t *out)
{
    tpl_int_t       rc;
    tpl_web_t      *web;
    tpl_value_t    *v;
    tpl_tlocale_t  *locale;
    tpl_request_t  *req;

    web = NULL;

    rc = tpl_request_get(exec, &web, &req);

    if (rc != TPL_OK) {
        return rc;
    }

    v = &req->values[TPL_REQUEST_LOCALE];

    if (v->type != TPL_MISSING) {
        *out = *v;
        return TPL_OK;
    }

    locale = tpl_pcalloc(exec->arena, sizeof(tpl_tlocale_t));
    if (locale == NULL) {
        return tpl_throw_memory(exec);
    }

    locale->object.cls = &tpl_tlocale_class;
    locale->web = web;

    rc = web->host->locale
         ? web->host->locale(web, &locale->code, &locale->catalogue)
         : TPL_DECLINED;

    if (rc == TPL_ERROR) {
        return tpl_throw_memory(exec);
    }

    if (rc == TPL_DECLINED) {
        tpl_str_set(&locale->code, "en_US");
        locale->catalogue = NULL;
    }

    tpl_value_object(v, locale);
    *out = *v;

    return TPL_OK;
}


static tpl_int_t
tpl_tlocale_value(tpl_call_t *call)
{
    return tpl_tornado_locale(call->exec, &call->result);
}


static tpl_int_t
tpl_tlocale_underscore(tpl_call_t *call)
{
    tpl_int_t    rc;
    tpl_value_t  locale;

    static const tpl_str_t  name = tpl_string("translate");

    rc = tpl_tornado_locale(call->exec, &locale);

    return (rc == TPL_OK) ? tpl_web_method(call->exec, locale.u.obj, "Locale",
                                           &name, &call->result)
                          : rc;
}


static tpl_uint_t
tpl_tlocale_begins(const tpl_tlocale_t *locale, const char *prefix)
{
    return locale->code.len >= 2 && memcmp(locale->code.data, prefix, 2) == 0;
}


static tpl_uint_t
tpl_tlocale_is(const tpl_tlocale_t *locale, const char *code)
{
    return tpl_str_is(&locale->code, code);
}


static tpl_int_t
tpl_tlocale_attr(tpl_exec_t *exec, tpl_object_t *obj, const tpl_name_t *name,
    tpl_value_t *out)
{
    tpl_tlocale_t *locale = (tpl_tlocale_t *) obj;

    tpl_uint_t   i;
    const char  *text;

    if (tpl_str_is(&name->str, "code")) {
        tpl_value_from_str(out, &locale->code);
        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "name")) {
        text = "Unknown";

        for (i = 0; i < tpl_nelts(tpl_tlocale_names); i++) {
            if (tpl_tlocale_is(locale, tpl_tlocale_names[i][0])) {
                text = tpl_tlocale_names[i][1];
                break;
            }
        }

        tpl_value_string(out, (tpl_char_t *) text, strlen(text), 0);

        return TPL_OK;
    }

    if (tpl_str_is(&name->str, "rtl")) {
        tpl_value_bool(out, tpl_tlocale_begins(locale, "fa")
                            || tpl_tlocale_begins(locale, "ar")
                            || tpl_tlocale_begins(locale, "he"));
        return TPL_OK;
    }

    return tpl_web_method(exec, obj, "Locale", &name->str, out);
}


/*
 * The translation of a message, with a context if context is not NULL, in the
 * form for n if plural is not NULL.  TPL_DECLINED if there is none.
 */

static tpl_int_t
tpl_tlocale_look(tpl_exec_t *exec, const tpl_tlocale_t *locale,
    const tpl_str_t *context, const tpl_str_t *message,
    const tpl_value_t *n, tpl_uint_t many, tpl_str_t *text)
{
    int64_t                 form;
    tpl_int_t               rc;
    tpl_buf_t               b;
    tpl_name_t              key;
    const tpl_catalogue_t  *c;

    key.str = *message;

    if (context) {
        tpl_buf_init(&b, exec->arena);
        tpl_buf_str(&b, context);
        tpl_buf_char(&b, TPL_LOCALE_CONTEXT);
        tpl_buf_str(&b, message);

        if (b.failed) {
            return tpl_throw_memory(exec);
        }

        key.str.data = b.data;
        key.str.len = b.len;
    }

    tpl_charge(exec, key.str.len);

    key.hash = tpl_hash(key.str.data, key.str.len);

    for (c = locale->catalogue; c; c = c->fallback) {

        if (c->csv) {
            rc = tpl_catalogue_find_kind(c, n == NULL ? TPL_MESSAGE_PLAIN
                                            : many ? TPL_MESSAGE_PLURAL
                                                   : TPL_MESSAGE_SINGULAR,
                                         &key, text);

        } else if (n == NULL) {
            rc = tpl_catalogue_find(c, &key, text);

        } else {
            form = many;

            if (c->plural) {
                rc = tpl_plural_form(exec, c->plural, n, &form);

                if (rc != TPL_OK) {
                    return rc;
                }
            }

            rc = tpl_catalogue_find_form(c, &key, form, text);
        }

        if (rc != TPL_DECLINED || c->csv) {
            return rc;
        }
    }

    return TPL_DECLINED;
}


/*
 * Locale.translate() and pgettext(): plural and n are values that may be
 * missing or None.
 */

static tpl_int_t
tpl_tlocale_message(tpl_exec_t *exec, const tpl_tlocale_t *locale,
    const tpl_value_t *context, const tpl_value_t *message,
    const tpl_value_t *plural, const tpl_value_t *n, tpl_value_t *out)
{
    tpl_int_t           rc;
    tpl_str_t           text, ctx;
    tpl_uint_t          one, many, csv;
    tpl_value_t         v;
    const tpl_value_t  *key;

    many = 0;
    key = message;

    if (plural && !tpl_arg_some(plural)) {
        plural = NULL;
    }

    if (plural) {

        if (!tpl_arg_some(n)) {
            return tpl_throw(exec, TPL_EXC_ASSERTION,
                             "a plural message needs a count");
        }

        tpl_value_int(&v, 1);

        if (tpl_equal(exec, n, &v, &one) != TPL_OK) {
            return TPL_ERROR;
        }

        many = !one;
    }

    /* of a .csv file the plural is found by itself, of a .mo file with the
     * singular; what is not found stays */

    csv = (locale->catalogue == NULL || locale->catalogue->csv);

    if (csv && many) {
        key = plural;
    }

    if (!tpl_is_string(key)) {
        return tpl_throw(exec, TPL_EXC_TYPE, "a message must be a string, "
                         "not '%s'", tpl_type_name(key));
    }

    text = tpl_value_str(key);

    if (context && !csv) {

        if (!tpl_is_string(context)) {
            return tpl_throw(exec, TPL_EXC_TYPE, "a context must be a string, "
                             "not '%s'", tpl_type_name(context));
        }

        ctx = tpl_value_str(context);

        rc = tpl_tlocale_look(exec, locale, &ctx, &text, plural ? n : NULL,
                              many, &text);

        /* pgettext() looks for a plural without its context as well */

        if (rc == TPL_DECLINED && plural == NULL) {
            *out = *message;
            return TPL_OK;
        }

    } else {
        rc = TPL_DECLINED;
    }

    if (rc == TPL_DECLINED) {
        rc = tpl_tlocale_look(exec, locale, NULL, &text, plural ? n : NULL,
                              many, &text);
    }

    if (rc == TPL_DECLINED) {
        *out = many ? *plural : *message;
        return TPL_OK;
    }

    if (rc == TPL_OK) {
        tpl_value_from_str(out, &text);
    }

    return rc;
}


static tpl_int_t
tpl_tlocale_translate(tpl_call_t *call)
{
    return tpl_tlocale_message(call->exec,
                               (tpl_tlocale_t *) call->args[0].u.obj, NULL,
                               &call->args[1], &call->args[2],
                               &call->args[3], &call->result);
}


static tpl_int_t
tpl_tlocale_pgettext(tpl_call_t *call)
{
    return tpl_tlocale_message(call->exec,
                               (tpl_tlocale_t *) call->args[0].u.obj,
                               &call->args[1], &call->args[2],
                               &call->args[3], &call->args[4],
                               &call->result);
}


/* the translation of a message of Tornado's own */

static tpl_int_t
tpl_tlocale_own(tpl_exec_t *exec, const tpl_tlocale_t *locale,
    const char *message, tpl_value_t *out)
{
    tpl_value_t  v;

    tpl_value_string(&v, (tpl_char_t *) message, strlen(message),
                     TPL_F_ASCII);

    return tpl_tlocale_message(exec, locale, NULL, &v, NULL, NULL, out);
}


static tpl_int_t
tpl_tlocale_put(tpl_exec_t *exec, tpl_dict_t *dict, const char *name,
    const tpl_value_t *v)
{
    tpl_str_t  s;

    s.data = (tpl_char_t *) name;
    s.len = strlen(name);

    return tpl_dict_set_str(exec, dict, &s, v);
}


/* "1 minute ago" or "%(minutes)d minutes ago" for n of them */

static tpl_int_t
tpl_tlocale_ago(tpl_exec_t *exec, const tpl_tlocale_t *locale,
    const char *one, const char *many, const char *name, int64_t n,
    tpl_value_t *out)
{
    tpl_dict_t   *dict;
    tpl_value_t   singular, plural, count, v;

    tpl_value_string(&singular, (tpl_char_t *) one, strlen(one), TPL_F_ASCII);
    tpl_value_string(&plural, (tpl_char_t *) many, strlen(many), TPL_F_ASCII);
    tpl_value_int(&count, n);

    dict = tpl_dict_create(exec, 1);

    if (dict == NULL
        || tpl_tlocale_message(exec, locale, NULL, &singular, &plural, &count,
                               out)
           != TPL_OK
        || tpl_tlocale_put(exec, dict, name, &count) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_dict(&v, dict);

    return tpl_binary(exec, TPL_OP_MOD, out, &v, out);
}


/* a date that templates have, in microseconds of UTC since the year 1 */

static tpl_int_t
tpl_tlocale_moment(tpl_exec_t *exec, const tpl_value_t *v, tpl_uint_t number,
    int64_t *us)
{
    double               d;
    const tpl_moment_t  *m;

    if (v->type == TPL_UNDEFINED) {
        return tpl_undefined_throw(exec, v);
    }

    if (number && tpl_is_number(v)) {

        if (tpl_module_float(exec, v, &d) != TPL_OK) {
            return TPL_ERROR;
        }

        if (!(d >= (double) TPL_TIME_MIN && d <= (double) TPL_TIME_MAX)) {
            return tpl_throw(exec, TPL_EXC_VALUE, "the date is out of range");
        }

        *us = (int64_t) rint(d * 1e6) + TPL_DAY_EPOCH * TPL_DAY_US;

        return TPL_OK;
    }

    if (!tpl_is_object_of(v, &tpl_datetime_class)) {
        return tpl_throw(exec, TPL_EXC_TYPE, "a date must be a datetime%s, "
                         "not '%s'", number ? " or a number" : "",
                         tpl_type_name(v));
    }

    m = (const tpl_moment_t *) v->u.obj;

    if (m->aware && number) {
        return tpl_throw(exec, TPL_EXC_TYPE, "can't compare offset-naive and "
                         "offset-aware datetimes");
    }

    *us = m->day * TPL_DAY_US + m->us;

    return TPL_OK;
}


/* the parts of a date that formats name */

static tpl_int_t
tpl_tlocale_parts(tpl_exec_t *exec, const tpl_tlocale_t *locale, int64_t us,
    tpl_dict_t **out)
{
    int64_t       day, minute, hour;
    tpl_buf_t     b;
    tpl_ymd_t     ymd;
    tpl_dict_t   *dict;
    tpl_value_t   v;

    day = tpl_floor_div(us, TPL_DAY_US);

    if (day < 1 || day > TPL_DAY_MAX) {
        return tpl_throw(exec, TPL_EXC_OVERFLOW, "date value out of range");
    }

    minute = (us - day * TPL_DAY_US) / TPL_LOCALE_MINUTE;
    hour = minute / 60;
    minute %= 60;

    tpl_day_ymd(day, &ymd);

    dict = tpl_dict_create(exec, 5);

    if (dict == NULL
        || tpl_tlocale_own(exec, locale, tpl_tlocale_months[ymd.month - 1],
                           &v)
           != TPL_OK
        || tpl_tlocale_put(exec, dict, "month_name", &v) != TPL_OK
        || tpl_tlocale_own(exec, locale, tpl_tlocale_days[(day + 6) % 7], &v)
           != TPL_OK
        || tpl_tlocale_put(exec, dict, "weekday", &v) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, exec->arena);
    tpl_buf_printf(&b, "%d", (int) ymd.day);

    if (tpl_value_from_buf(exec, &v, &b, TPL_F_ASCII) != TPL_OK
        || tpl_tlocale_put(exec, dict, "day", &v) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, exec->arena);
    tpl_buf_printf(&b, "%d", (int) ymd.year);

    if (tpl_value_from_buf(exec, &v, &b, TPL_F_ASCII) != TPL_OK
        || tpl_tlocale_put(exec, dict, "year", &v) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_buf_init(&b, exec->arena);

    if (tpl_tlocale_is(locale, "zh_CN")) {

        /* morning and afternoon */

        tpl_buf_printf(&b, "%s%d:%02d", hour >= 12 ? "\xe4\xb8\x8b\xe5\x8d\x88"
                                            : "\xe4\xb8\x8a\xe5\x8d\x88",
                       (int) (hour % 12 ? hour % 12 : 12), (int) minute);

    } else if (tpl_tlocale_is(locale, "en") || tpl_tlocale_is(locale, "en_US"))
    {
        tpl_buf_printf(&b, "%d:%02d %s", (int) (hour % 12 ? hour % 12 : 12),
                       (int) minute, hour >= 12 ? "pm" : "am");

    } else {
        tpl_buf_printf(&b, "%d:%02d", (int) hour, (int) minute);
    }

    *out = dict;

    if (tpl_value_from_buf(exec, &v, &b, 0) != TPL_OK) {
        return TPL_ERROR;
    }

    return tpl_tlocale_put(exec, dict, "time", &v);
}


static tpl_int_t
tpl_tlocale_apply(tpl_call_t *call, const char *format, int64_t us)
{
    tpl_exec_t           *exec;
    tpl_dict_t           *dict;
    tpl_value_t           f, v;
    const tpl_tlocale_t  *locale;

    exec = call->exec;
    locale = (const tpl_tlocale_t *) call->args[0].u.obj;
    dict = NULL;

    if (tpl_tlocale_own(exec, locale, format, &f) != TPL_OK
        || tpl_tlocale_parts(exec, locale, us, &dict) != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_dict(&v, dict);

    return tpl_binary(exec, TPL_OP_MOD, &f, &v, &call->result);
}


/* the offset, in microseconds */

static tpl_int_t
tpl_tlocale_offset(tpl_call_t *call, tpl_uint_t i, int64_t *offset)
{
    double  d;

    *offset = 0;

    if (!tpl_arg_given(&call->args[i])) {
        return TPL_OK;
    }

    if (tpl_module_float(call->exec, &call->args[i], &d) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!(fabs(d) <= 1e8)) {
        return tpl_throw(call->exec, TPL_EXC_OVERFLOW,
                         "the offset is out of range");
    }

    *offset = (int64_t) rint(d * (double) TPL_LOCALE_MINUTE);

    return TPL_OK;
}


/*
 * format_date(date, gmt_offset=0, relative=True, shorter=False,
 * full_format=False)
 */

static tpl_int_t
tpl_tlocale_format_date(tpl_call_t *call)
{
    int64_t               us, now, days, seconds, offset, n;
    const char           *format;
    tpl_uint_t            relative, shorter, full;
    const tpl_tlocale_t  *locale;

    locale = (const tpl_tlocale_t *) call->args[0].u.obj;

    if (tpl_tlocale_moment(call->exec, &call->args[1], 1, &us) != TPL_OK
        || tpl_tlocale_offset(call, 2, &offset) != TPL_OK
        || tpl_arg_bool(call, 3, 1, &relative) != TPL_OK
        || tpl_arg_bool(call, 4, 0, &shorter) != TPL_OK
        || tpl_arg_bool(call, 5, 0, &full) != TPL_OK)
    {
        return TPL_ERROR;
    }

    now = (int64_t) rint(tpl_module_clock() * 1e6)
          + TPL_DAY_EPOCH * TPL_DAY_US;

    /* timedelta.seconds is what is left of whole days */

    if (us > now) {

        if (relative && (us - now) % TPL_DAY_US < TPL_LOCALE_MINUTE) {
            us = now;

        } else {
            full = 1;
        }
    }

    days = tpl_floor_div(now - us, TPL_DAY_US);
    seconds = (now - us - days * TPL_DAY_US) / 1000000;

    format = NULL;

    if (!full) {

        if (relative && days == 0) {

            if (seconds < 50) {
                return tpl_tlocale_ago(call->exec, locale, "1 second ago",
                                       "%(seconds)d seconds ago", "seconds",
                                       seconds, &call->result);
            }

            if (seconds < 50 * 60) {
                n = (int64_t) rint((double) seconds / 60.0);

                return tpl_tlocale_ago(call->exec, locale, "1 minute ago",
                                       "%(minutes)d minutes ago", "minutes",
                                       n, &call->result);
            }

            n = (int64_t) rint((double) seconds / 3600.0);

            return tpl_tlocale_ago(call->exec, locale, "1 hour ago",
                                   "%(hours)d hours ago", "hours", n,
                                   &call->result);
        }

        /* yesterday is a day of the month less */

        if (days == 0) {
            format = "%(time)s";

        } else if (days == 1 && relative
                   && tpl_floor_div(us - offset, TPL_DAY_US)
                      == tpl_floor_div(now - offset - TPL_DAY_US, TPL_DAY_US))
        {
            format = shorter ? "yesterday" : "yesterday at %(time)s";

        } else if (days < 5) {
            format = shorter ? "%(weekday)s" : "%(weekday)s at %(time)s";

        } else if (days < 334) {
            format = shorter ? "%(month_name)s %(day)s"
                             : "%(month_name)s %(day)s at %(time)s";
        }
    }

    if (format == NULL) {
        format = shorter ? "%(month_name)s %(day)s, %(year)s"
                         : "%(month_name)s %(day)s, %(year)s at %(time)s";
    }

    return tpl_tlocale_apply(call, format, us - offset);
}


/* format_day(date, gmt_offset=0, dow=True) */

static tpl_int_t
tpl_tlocale_format_day(tpl_call_t *call)
{
    int64_t     us, offset;
    tpl_uint_t  dow;

    if (tpl_tlocale_moment(call->exec, &call->args[1], 0, &us) != TPL_OK
        || tpl_tlocale_offset(call, 2, &offset) != TPL_OK
        || tpl_arg_bool(call, 3, 1, &dow) != TPL_OK)
    {
        return TPL_ERROR;
    }

    return tpl_tlocale_apply(call, dow ? "%(weekday)s, %(month_name)s %(day)s"
                                       : "%(month_name)s %(day)s",
                             us - offset);
}


/* list(parts): "A, B and C" */

static tpl_int_t
tpl_tlocale_list(tpl_call_t *call)
{
    uint32_t              i;
    tpl_buf_t             b;
    tpl_exec_t           *exec;
    tpl_list_t           *list;
    tpl_dict_t           *dict;
    tpl_value_t           parts, f, v;
    const tpl_tlocale_t  *locale;

    exec = call->exec;
    locale = (const tpl_tlocale_t *) call->args[0].u.obj;

    if (tpl_to_list(exec, &call->args[1], &parts) != TPL_OK) {
        return TPL_ERROR;
    }

    list = parts.u.list;

    if (list->n == 0) {
        tpl_web_text_value(&call->result, "");
        return TPL_OK;
    }

    if (list->n == 1) {
        call->result = list->items[0];
        return TPL_OK;
    }

    tpl_buf_init(&b, exec->arena);

    for (i = 0; i < list->n - 1; i++) {

        if (!tpl_is_string(&list->items[i])) {
            return tpl_throw(exec, TPL_EXC_TYPE, "sequence item %u: expected "
                             "str instance, %s found", (unsigned) i,
                             tpl_type_name(&list->items[i]));
        }

        if (i) {
            tpl_buf_add(&b, tpl_tlocale_begins(locale, "fa") ? " \xd9\x88 "
                                                             : ", ",
                        tpl_tlocale_begins(locale, "fa") ? 4 : 2);
        }

        tpl_charge(exec, list->items[i].len);
        tpl_buf_add(&b, list->items[i].u.s, list->items[i].len);
    }

    dict = tpl_dict_create(exec, 2);

    if (dict == NULL
        || tpl_value_from_buf(exec, &v, &b, 0) != TPL_OK
        || tpl_tlocale_put(exec, dict, "commas", &v) != TPL_OK
        || tpl_tlocale_put(exec, dict, "last", &list->items[list->n - 1])
           != TPL_OK
        || tpl_tlocale_own(exec, locale, "%(commas)s and %(last)s", &f)
           != TPL_OK)
    {
        return TPL_ERROR;
    }

    tpl_value_dict(&v, dict);

    return tpl_binary(exec, TPL_OP_MOD, &f, &v, &call->result);
}


/* friendly_number(value): commas in English, groups from the end of the text */

static tpl_int_t
tpl_tlocale_number(tpl_call_t *call)
{
    uint32_t              i;
    tpl_buf_t             b;
    tpl_value_t           v;
    const tpl_tlocale_t  *locale;

    locale = (const tpl_tlocale_t *) call->args[0].u.obj;

    if (tpl_to_string(call->exec, &call->args[1], &v) != TPL_OK) {
        return TPL_ERROR;
    }

    if (!tpl_tlocale_is(locale, "en") && !tpl_tlocale_is(locale, "en_US")) {
        call->result = v;
        return TPL_OK;
    }

    tpl_charge(call->exec, v.len);
    tpl_buf_init(&b, call->exec->arena);

    for (i = 0; i < v.len; i++) {

        if (i && (v.len - i) % 3 == 0) {
            tpl_buf_char(&b, ',');
        }

        tpl_buf_char(&b, v.u.s[i]);
    }

    return tpl_value_from_buf(call->exec, &call->result, &b, 0);
}
