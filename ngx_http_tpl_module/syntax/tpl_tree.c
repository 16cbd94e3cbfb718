
/*
 * Nodes: making them, and writing a tree down for tests and for people.
 *
 * Every node carries its height, so that no tree gets higher than
 * TPL_TREE_MAX_HEIGHT and recursion over a tree, here and later, is bounded.
 */

#include "syntax/tpl_tree.h"
#include "syntax/tpl_lexer.h"
#include "base/tpl_number.h"


static void tpl_dump_node(tpl_buf_t *b, const tpl_node_t *node);
static void tpl_dump_list(tpl_buf_t *b, const tpl_node_t *node);
static void tpl_dump_part(tpl_buf_t *b, const char *name,
    const tpl_node_t *node);
static void tpl_dump_name(tpl_buf_t *b, const tpl_name_t *name);
static void tpl_dump_value(tpl_buf_t *b, const tpl_value_t *v);
static void tpl_dump_statement(tpl_buf_t *b, const tpl_node_t *node);
static void tpl_dump_expression(tpl_buf_t *b, const tpl_node_t *node);


static const char *const  tpl_node_names[] = {
    "text", "output", "if", "for", "while", "break", "continue", "set",
    "set-block", "do", "extends", "block", "include", "import",
    "from-import", "macro", "call-block", "filter-block", "with",
    "autoescape", "trans", "debug", "flush", "apply", "try", "py-import",
    "py-from", "module", "scope",
    "const", "name", "nsref", "list", "tuple", "dict", "setlit", "pair",
    "unary", "not", "binary", "and", "or", "compare", "operand", "concat",
    "cond", "attr", "item", "slice", "call", "filter", "test", "keyword",
    "star", "starstar", "lambda", "comprehension", "clause", "fstring",
    "field", "param"
};

_Static_assert(tpl_nelts(tpl_node_names) == TPL_NODE_PARAM + 1,
               "every node type has a name");


static const char *const  tpl_binary_signs[] = {
    "+", "-", "*", "/", "//", "%", "**", "|", "&", "^", "<<", ">>"
};

static const char *const  tpl_unary_signs[] = { "-", "+", "~" };

static const char *const  tpl_compare_signs[] = {
    "==", "!=", "<", "<=", ">", ">=", "in", "not-in", "is", "is-not"
};


tpl_node_t *
tpl_node_create(tpl_arena_t *arena, tpl_node_type_t type,
    const tpl_pos_t *pos)
{
    tpl_node_t  *node;

    node = tpl_pcalloc(arena, sizeof(tpl_node_t));
    if (node == NULL) {
        return NULL;
    }

    node->type = type;
    node->height = 1;
    node->pos = *pos;

    return node;
}


tpl_int_t
tpl_node_adopt(tpl_node_t *node, const tpl_node_t *list)
{
    for ( /* void */ ; list != NULL; list = list->next) {

        if (list->height >= node->height) {

            if (list->height >= TPL_TREE_MAX_HEIGHT) {
                return TPL_DECLINED;
            }

            node->height = list->height + 1;
        }
    }

    return TPL_OK;
}


void
tpl_name_set(tpl_name_t *name, const tpl_str_t *str)
{
    name->str = *str;
    name->hash = tpl_hash(str->data, str->len);
}


const char *
tpl_node_type_name(tpl_node_type_t type)
{
    return tpl_node_names[type];
}


tpl_int_t
tpl_tree_dump(tpl_buf_t *b, const tpl_tree_t *tree)
{
    const tpl_node_t  *node;

    for (node = tree->body; node != NULL; node = node->next) {
        tpl_dump_node(b, node);
        tpl_buf_char(b, '\n');
    }

    return b->failed ? TPL_ERROR : TPL_OK;
}


static void
tpl_dump_node(tpl_buf_t *b, const tpl_node_t *node)
{
    tpl_buf_printf(b, "(%s", tpl_node_names[node->type]);

    if (node->type < TPL_NODE_CONST) {
        tpl_dump_statement(b, node);

    } else {
        tpl_dump_expression(b, node);
    }

    tpl_buf_char(b, ')');
}


/* " (a) (b)", nothing for the empty list */

static void
tpl_dump_list(tpl_buf_t *b, const tpl_node_t *node)
{
    for ( /* void */ ; node != NULL; node = node->next) {
        tpl_buf_char(b, ' ');
        tpl_dump_node(b, node);
    }
}


/* " (name (a) (b))", nothing for the empty list */

static void
tpl_dump_part(tpl_buf_t *b, const char *name, const tpl_node_t *node)
{
    if (node == NULL) {
        return;
    }

    tpl_buf_printf(b, " (%s", name);
    tpl_dump_list(b, node);
    tpl_buf_char(b, ')');
}


static void
tpl_dump_name(tpl_buf_t *b, const tpl_name_t *name)
{
    tpl_buf_char(b, ' ');
    tpl_buf_str(b, &name->str);
}


static void
tpl_dump_value(tpl_buf_t *b, const tpl_value_t *v)
{
    tpl_str_t   s;
    tpl_char_t  text[TPL_FLOAT_LEN];

    tpl_buf_char(b, ' ');

    switch (v->type) {

    case TPL_NONE:
        tpl_buf_lit(b, "None");
        break;

    case TPL_BOOL:
        if (v->u.i) {
            tpl_buf_lit(b, "True");

        } else {
            tpl_buf_lit(b, "False");
        }

        break;

    case TPL_INT:
        tpl_buf_add(b, text, tpl_format_int(text, v->u.i) - text);
        break;

    case TPL_FLOAT:
        tpl_buf_add(b, text, tpl_format_float(text, v->u.d) - text);
        break;

    case TPL_STRING:
        s = tpl_value_str(v);
        tpl_lexer_repr(b, &s);
        break;

    default:

        /* a value that only folding can have put here */

        tpl_buf_lit(b, "...");
        break;
    }
}


static void
tpl_dump_statement(tpl_buf_t *b, const tpl_node_t *node)
{
    switch (node->type) {

    case TPL_NODE_TEXT:
        tpl_buf_char(b, ' ');
        tpl_lexer_repr(b, &node->u.text);
        break;

    case TPL_NODE_OUTPUT:
        if (node->flags & TPL_NODE_F_RAW) {
            tpl_buf_lit(b, " raw");
        }

        tpl_dump_list(b, node->u.output.expr);
        break;

    case TPL_NODE_IF:
        tpl_dump_list(b, node->u.cond.test);
        tpl_dump_part(b, "body", node->u.cond.body);
        tpl_dump_part(b, "else", node->u.cond.orelse);
        break;

    case TPL_NODE_FOR:
    case TPL_NODE_WHILE:
        if (node->type == TPL_NODE_FOR
            && (node->flags & TPL_NODE_F_RECURSIVE))
        {
            tpl_buf_lit(b, " recursive");
        }

        tpl_dump_list(b, node->u.loop.target);
        tpl_dump_list(b, node->u.loop.iter);
        tpl_dump_part(b, "test", node->u.loop.test);
        tpl_dump_part(b, "body", node->u.loop.body);
        tpl_dump_part(b, "else", node->u.loop.orelse);
        break;

    case TPL_NODE_SET:
        if (node->flags & TPL_NODE_F_ASSIGN_OP) {
            tpl_buf_printf(b, " %s=", tpl_binary_signs[node->op]);
        }

        tpl_dump_list(b, node->u.set.target);
        tpl_dump_list(b, node->u.set.value);
        break;

    case TPL_NODE_SET_BLOCK:
    case TPL_NODE_FILTER_BLOCK:
    case TPL_NODE_APPLY:
        tpl_dump_list(b, node->u.set.target);
        tpl_dump_list(b, node->u.set.filter);
        tpl_dump_part(b, "body", node->u.set.body);
        break;

    case TPL_NODE_DO:
    case TPL_NODE_MODULE:
        tpl_dump_list(b, node->u.unary.expr);
        break;

    case TPL_NODE_BLOCK:
        tpl_dump_name(b, &node->u.block.name);

        if (node->flags & TPL_NODE_F_SCOPED) {
            tpl_buf_lit(b, " scoped");
        }

        if (node->flags & TPL_NODE_F_REQUIRED) {
            tpl_buf_lit(b, " required");
        }

        tpl_dump_part(b, "body", node->u.block.body);
        break;

    case TPL_NODE_EXTENDS:
    case TPL_NODE_INCLUDE:
    case TPL_NODE_IMPORT:
    case TPL_NODE_FROM_IMPORT:
    case TPL_NODE_PY_IMPORT:
    case TPL_NODE_PY_FROM:
        tpl_dump_list(b, node->u.ref.template);
        tpl_dump_list(b, node->u.ref.module);

        if (node->u.ref.name.str.len) {
            tpl_buf_lit(b, " as");
            tpl_dump_name(b, &node->u.ref.name);
        }

        tpl_dump_part(b, "names", node->u.ref.names);

        if (node->flags & TPL_NODE_F_IGNORE) {
            tpl_buf_lit(b, " ignore-missing");
        }

        if (node->flags & TPL_NODE_F_CONTEXT) {
            tpl_buf_lit(b, " with-context");
        }

        break;

    case TPL_NODE_MACRO:
    case TPL_NODE_CALL_BLOCK:
        if (node->type == TPL_NODE_MACRO) {
            tpl_dump_name(b, &node->u.macro.name);
        }

        tpl_dump_part(b, "params", node->u.macro.params);
        tpl_dump_list(b, node->u.macro.call);
        tpl_dump_part(b, "body", node->u.macro.body);
        break;

    case TPL_NODE_WITH:
    case TPL_NODE_AUTOESCAPE:
    case TPL_NODE_SCOPE:
        tpl_dump_part(b, "targets", node->u.with.targets);
        tpl_dump_part(b, "values", node->u.with.values);
        tpl_dump_part(b, "body", node->u.with.body);
        break;

    case TPL_NODE_TRANS:
        tpl_dump_part(b, "vars", node->u.trans.vars);

        if (node->u.trans.context.type == TPL_STRING) {
            tpl_buf_lit(b, " (context");
            tpl_dump_value(b, &node->u.trans.context);
            tpl_buf_char(b, ')');
        }

        tpl_buf_char(b, ' ');
        tpl_lexer_repr(b, &node->u.trans.singular);

        if (node->flags & TPL_NODE_F_PLURAL) {
            tpl_buf_char(b, ' ');
            tpl_lexer_repr(b, &node->u.trans.plural);
            tpl_dump_part(b, "count", node->u.trans.count);
        }

        if (node->u.trans.num_called_num) {
            tpl_buf_lit(b, " num");
        }

        break;

    case TPL_NODE_TRY:
        tpl_dump_part(b, "body", node->u.try.body);
        tpl_dump_part(b, "except", node->u.try.handlers);
        tpl_dump_part(b, "else", node->u.try.orelse);
        tpl_dump_part(b, "finally", node->u.try.finally);
        break;

    default:    /* BREAK, CONTINUE, DEBUG */
        break;
    }
}


static void
tpl_dump_expression(tpl_buf_t *b, const tpl_node_t *node)
{
    switch (node->type) {

    case TPL_NODE_CONST:
        tpl_dump_value(b, &node->u.value);
        break;

    case TPL_NODE_NAME:
        if (node->flags & TPL_NODE_F_STORE) {
            tpl_buf_lit(b, " =");
        }

        tpl_dump_name(b, &node->u.name);
        break;

    case TPL_NODE_NSREF:
    case TPL_NODE_ATTR:
        tpl_dump_list(b, node->u.attr.object);
        tpl_dump_name(b, &node->u.attr.name);
        break;

    case TPL_NODE_LIST:
    case TPL_NODE_TUPLE:
    case TPL_NODE_DICT:
    case TPL_NODE_SETLIT:
    case TPL_NODE_CONCAT:
    case TPL_NODE_FSTRING:
        tpl_dump_list(b, node->u.items.items);
        break;

    case TPL_NODE_BINARY:
        tpl_buf_printf(b, " %s", tpl_binary_signs[node->op]);
        /* fall through */

    case TPL_NODE_PAIR:
    case TPL_NODE_AND:
    case TPL_NODE_OR:
    case TPL_NODE_ITEM:
        tpl_dump_list(b, node->u.binary.left);
        tpl_dump_list(b, node->u.binary.right);
        break;

    case TPL_NODE_UNARY:
        tpl_buf_printf(b, " %s", tpl_unary_signs[node->op]);
        tpl_dump_list(b, node->u.unary.expr);
        break;

    case TPL_NODE_OPERAND:
        tpl_buf_printf(b, " %s", tpl_compare_signs[node->op]);
        tpl_dump_list(b, node->u.unary.expr);
        break;

    case TPL_NODE_NOT:
    case TPL_NODE_STAR:
    case TPL_NODE_STARSTAR:
        tpl_dump_list(b, node->u.unary.expr);
        break;

    case TPL_NODE_COMPARE:
        tpl_dump_list(b, node->u.compare.expr);
        tpl_dump_list(b, node->u.compare.operands);
        break;

    case TPL_NODE_COND:
        tpl_dump_list(b, node->u.cond.test);
        tpl_dump_list(b, node->u.cond.body);
        tpl_dump_list(b, node->u.cond.orelse);
        break;

    case TPL_NODE_SLICE:
        tpl_dump_list(b, node->u.slice.object);
        tpl_dump_part(b, "start", node->u.slice.start);
        tpl_dump_part(b, "stop", node->u.slice.stop);
        tpl_dump_part(b, "step", node->u.slice.step);
        break;

    case TPL_NODE_CALL:
        tpl_dump_list(b, node->u.call.callee);
        tpl_dump_part(b, "args", node->u.call.args);
        break;

    case TPL_NODE_FILTER:
    case TPL_NODE_TEST:
        tpl_dump_name(b, &node->u.call.name);
        tpl_dump_list(b, node->u.call.callee);
        tpl_dump_part(b, "args", node->u.call.args);
        break;

    case TPL_NODE_FIELD:
        tpl_dump_list(b, node->u.call.callee);

        if (node->op) {
            tpl_buf_printf(b, " !%c", node->op);
        }

        if (node->u.call.name.str.len) {
            tpl_buf_char(b, ' ');
            tpl_lexer_repr(b, &node->u.call.name.str);
        }

        tpl_dump_list(b, node->u.call.args);
        break;

    case TPL_NODE_KEYWORD:
    case TPL_NODE_PARAM:
        tpl_dump_name(b, &node->u.keyword.name);
        tpl_dump_list(b, node->u.keyword.value);
        break;

    case TPL_NODE_LAMBDA:
        tpl_dump_part(b, "params", node->u.macro.params);
        tpl_dump_list(b, node->u.macro.body);
        break;

    case TPL_NODE_COMPREHENSION:
        if (node->flags & TPL_NODE_F_GENERATOR) {
            tpl_buf_lit(b, " generator");

        } else if (node->flags & TPL_NODE_F_SETCOMP) {
            tpl_buf_lit(b, " set");

        } else if (node->flags & TPL_NODE_F_DICTCOMP) {
            tpl_buf_lit(b, " dict");
        }

        tpl_dump_list(b, node->u.comp.element);
        tpl_dump_list(b, node->u.comp.clauses);
        break;

    case TPL_NODE_CLAUSE:
        if (node->flags & TPL_NODE_F_IF_CLAUSE) {
            tpl_dump_part(b, "if", node->u.loop.test);

        } else {
            tpl_dump_list(b, node->u.loop.target);
            tpl_dump_list(b, node->u.loop.iter);
        }

        break;

    default:
        break;
    }
}
