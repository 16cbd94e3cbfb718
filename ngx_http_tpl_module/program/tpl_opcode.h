
/*
 * The one list of opcodes.  X(NAME, pops, pushes): what an instruction `i`
 * takes from the stack and leaves there when the next one is reached; the
 * verifier, the dispatcher, the disassembler and the enum all come from here.
 *
 * An instruction is 8 bytes: op, a, b and c.  Stack pictures: the top is right.
 */

#ifndef _TPL_OPCODE_H_INCLUDED_
#define _TPL_OPCODE_H_INCLUDED_


#include <stdint.h>


typedef struct {
    uint8_t              op;
    uint8_t              a;
    uint16_t             b;
    uint32_t             c;
} tpl_insn_t;


#define TPL_OPCODE_MAP(X)                                                    \
                                                                             \
    X(NOP, 0, 0)                                                             \
                                                                             \
    /* values.  c: index of a constant */                                    \
    X(CONST, 0, 1)                                                           \
    X(UNDEFINED, 0, 1)              /* lenient; c: constant, its message */  \
    X(MISSING, 0, 1)                /* pushes MISSING: argument not given */ \
    X(POP, 1, 0)                                                             \
    X(DUP, 1, 2)                    /* x -> x x */                           \
    X(DUP2, 2, 4)                   /* x y -> x y x y */                     \
    X(ROT2, 2, 2)                   /* x y -> y x */                         \
    X(ROT3, 3, 3)                   /* x y z -> z x y */                     \
                                                                             \
    /*                                                                       \
     * Slots.  b: slot, c: name.  A load of a MISSING slot gives undefined of\
     * that name; with a=1 (Python) it raises UnboundLocalError, with        \
     * TPL_LOAD_FREE NameError, as LOAD_UP does.  A PENDING value is forced  \
     * by the load.  LOAD_UP walks a static links first.                     \
     */                                                                      \
    X(LOAD, 0, 1)                                                            \
    X(LOAD_UP, 0, 1)                                                         \
    X(LOAD_RAW, 0, 1)               /* as it is: MISSING, PENDING too;       \
                                       a: static links to walk */            \
    X(STORE, 1, 0)                  /* a: static links to walk (0: own) */   \
    X(CLEAR, 0, 0)                  /* b: slot becomes MISSING */            \
                                                                             \
    /*                                                                       \
     * The context.  RESOLVE puts what the context knows under name c (own   \
     * variables, locals given by an include, data, globals) into slot b, or \
     * MISSING; PENDING stays as it is.  RESOLVE_PUSH pushes it, undefined if\
     * unknown; a=1 (Python): NameError.  RESOLVE with a=1 knows globals only\
     * (of an imported template).  EXPORT makes slot b the context's         \
     * variable c; a=1: a module exports it too.                             \
     */                                                                      \
    X(RESOLVE, 0, 0)                                                         \
    X(RESOLVE_PUSH, 0, 1)                                                    \
    X(EXPORT, 0, 0)                                                          \
    X(HOST_VAR, 0, 1)               /* c: the host's variable index */       \
                                                                             \
    /* operators.  a: tpl_unary_op_t, tpl_binary_op_t, tpl_compare_op_t */   \
    X(UNARY, 1, 1)                                                           \
    X(NOT, 1, 1)                                                             \
    X(BINARY, 2, 1)                                                          \
    X(COMPARE, 2, 1)                                                         \
    X(CONCAT, i->c, 1)              /* Jinja's ~ of c values; a: plain */    \
                                                                             \
    /* jumps.  c: index of the instruction to go on at */                    \
    X(JUMP, 0, 0)                                                            \
    X(JUMP_FALSE, 1, 0)                                                      \
    X(JUMP_TRUE, 1, 0)                                                       \
    X(JUMP_FALSE_OR_POP, 1, 0)      /* kept on the stack when it jumps */    \
    X(JUMP_TRUE_OR_POP, 1, 0)       /* the same */                           \
    X(JUMP_SET, 0, 0)               /* if slot b is not MISSING */           \
                                                                             \
    /* containers.  c: how many */                                           \
    X(BUILD_LIST, i->c, 1)                                                   \
    X(BUILD_TUPLE, i->c, 1)                                                  \
    X(BUILD_SET, i->c, 1)                                                    \
    X(BUILD_DICT, 2 * i->c, 1)      /* k1 v1 k2 v2 ... -> dict */            \
    /* the container stands c below the value (c=1: just below it) */        \
    X(LIST_APPEND, 1, 0)                                                     \
    X(LIST_EXTEND, 1, 0)            /* a=1: the value is made a tuple's */   \
    X(SET_ADD, 1, 0)                                                         \
    X(DICT_ADD, 2, 0)               /* key value */                          \
    X(DICT_UPDATE, 1, 0)            /* a=1: as **kwargs: none twice */       \
    X(LIST_TO_TUPLE, 1, 1)                                                   \
    X(TO_LIST, 1, 1)                /* list(x) of anything iterable */       \
    X(TO_ITERATOR, 1, 1)            /* a list as a generator */              \
    /* x -> xn ... x1, so that STOREs take them in order; b: wanted before a \
     * star, c: wanted after it, a=1: with a star that takes a list.         \
     * Without a star c is 0. */                                             \
    X(UNPACK, 1, i->b + i->c + i->a)                                         \
                                                                             \
    /* look-up.  c: name */                                                  \
    X(GET_ATTR, 1, 1)               /* a: TPL_ATTR_PLAIN or 0 */             \
    X(GET_ITEM, 2, 1)               /* object key */                         \
    X(GET_SLICE, 4, 1)              /* object start stop step */             \
    X(SET_ATTR, 2, 0)               /* value object: object.c = value;       \
                                       a=1: must be a namespace (Jinja) */   \
    X(SET_ITEM, 3, 0)               /* value object key */                   \
                                                                             \
    /*                                                                       \
     * Calls.  b: positional arguments, c: a constant, the tuple of keyword  \
     * names whose values follow them, 0xffffffff for none (TPL_NO_CONST).   \
     * With TPL_CALL_DIRECT in a the next instruction is OUTPUT: a callee that \
     * renders (macro, block, loop) writes straight to the output and goes on\
     * behind it.                                                            \
     */                                                                      \
    X(CALL, 1 + i->b + tpl_insn_nkw(i), 1)                                   \
    X(CALL_EX, 3, 1)                /* callee list dict */                   \
    /* receiver args: receiver.NAME(args); c: name; no keywords;             \
       a: TPL_CALL_DIRECT or 0 */                                            \
    X(CALL_METHOD, 1 + i->b, 1)                                              \
    /* b: values, as the handler's args want them; c: index in the table */  \
    X(FILTER, i->b, 1)                                                       \
    X(TEST, i->b, 1)                                                         \
    X(FUNCTION, i->b, 1)            /* a: which table of globals */          \
    /* value list dict: arguments known only at run time */                  \
    X(FILTER_EX, 3, 1)                                                       \
    X(TEST_EX, 3, 1)                                                         \
                                                                             \
    /* output.  c: index of a text */                                        \
    X(TEXT, 0, 0)                                                            \
    X(OUTPUT, 1, 0)                 /* a: TPL_OUT_* */                       \
    X(CAPTURE, 0, 0)                /* output goes to a string from here */  \
    X(CAPTURE_END, 0, 1)            /* to here; a=1: plain str always,       \
                                       else markup under autoescape */       \
    X(MARKUP, 1, 1)                 /* under autoescape str(x) as markup,    \
                                       else x as it is */                    \
    X(AUTOESCAPE, 1, 0)             /* value: on or off, from here on */     \
    X(AUTOESCAPE_SAVE, 0, 1)        /* the mode, as INTERNAL ... */          \
    X(AUTOESCAPE_RESTORE, 1, 0)     /* ... and back */                       \
                                                                             \
    /*                                                                       \
     * Loops.  FOR takes an iterable and puts the state of a loop into slot  \
     * b; a: TPL_FOR_*; TPL_FOR_LOOP: slot b + 1 becomes the loop object.    \
     * NEXT pushes the next item, or goes to c at the end.  END_FOR lets the \
     * state go (break jumps to it too).                                     \
     */                                                                      \
    X(FOR, 1, 0)                                                             \
    X(NEXT, 0, 1)                   /* 0 pushed when it jumps */             \
    X(END_FOR, 0, 0)                                                         \
    X(CALL_LOOP, 1, 0)              /* iterable; c: function of a recursive  \
                                       loop: slot 0 the iterable, 1 depth0 */\
                                                                             \
    /*                                                                       \
     * Templates.  LOCALS packs values, with their names, for the BLOCK,     \
     * INCLUDE or IMPORT that follows (as INTERNAL).                         \
     */                                                                      \
    X(LOCALS, i->b, 1)              /* c: constant, tuple of b names; MISSING\
                                       values are left out */                \
    X(BLOCK, i->a, 0)               /* c: name; a=1: with LOCALS (scoped);   \
                                       b=1: required */                      \
    X(SUPER, 0, 1)                  /* c: block's name; b: slot with the depth \
                                       of the running block: unused, 0 */    \
    X(SELF, 0, 1)                   /* the template reference */             \
    X(EXTENDS, 1, 0)                /* template's name or module: the parent \
                                       takes over at PARENT */               \
    X(EXTENDS_STATIC, 0, 0)         /* c: index of a linked template */      \
    X(JUMP_CHILD, 0, 0)             /* if a parent is set */                 \
    X(PARENT, 0, 0)                 /* goes on as the parent's root; falls   \
                                       through if there is none */           \
    /* name or list of names [locals]; a: TPL_REF_*; renders it here */      \
    X(INCLUDE, 1 + tpl_insn_locals(i), 0)                                    \
    X(INCLUDE_STATIC, tpl_insn_locals(i), 0)    /* c: linked template */     \
    X(IMPORT, 1 + tpl_insn_locals(i), 1)        /* pushes the module */      \
    X(IMPORT_STATIC, tpl_insn_locals(i), 1)                                  \
    X(IMPORT_NAME, 1, 2)            /* module -> module value; c: name; what \
                                       is not exported is undefined */       \
                                                                             \
    /* macros.  c: index of a function in the template */                    \
    X(MACRO, 0, 1)                  /* closes over the running frame */      \
    X(RETURN, 0, 0)                                                          \
    X(RETURN_VALUE, 1, 0)           /* of a lambda */                        \
    X(PARAM_UNDEFINED, 0, 0)        /* slot b: undefined "parameter 'c' was  \
                                       not provided" */                      \
                                                                             \
    /*                                                                       \
     * Exceptions (Tornado).  TRY: an error until TRY_END goes on at c with  \
     * the stack and captures as they were, and the exception pushed.        \
     */                                                                      \
    X(TRY, 0, 0)                                                             \
    X(TRY_END, 0, 0)                                                         \
    X(CATCH, 1, 2)                  /* exception -> exception bool; c: const \
                                       tuple of names of classes */          \
    X(RERAISE, 1, 0)                                                         \
    X(RAISE, 0, 0)                  /* a: tpl_exc_t, c: constant, message */ \
                                                                             \
    X(FORMAT, 2, 1)                 /* value spec: format(value, spec);      \
                                       a: conversion 'r' 's' 'a' or 0 */     \
    X(CONCAT_STR, i->c, 1)          /* f-string: joins c strings */          \
                                                                             \
    X(DEBUG, 0, 1)                  /* {% debug %}: pprint of the context, the \
                                       filters and the tests */              \
    X(FLUSH, 0, 0)                  /* ends the turn: the host may send what \
                                       is written, if it streams */          \
                                                                             \
    /* superinstructions, each the same as the sequence it names */          \
    X(OUTPUT_SLOT, 0, 0)            /* LOAD b c, OUTPUT auto */              \
    /* these stand in front of the sequence, whose first they have replaced, \
     * and do that alone if values are not the usual ones (tpl_fuse.c) */    \
    X(NEXT_STORE, 0, 1)             /* NEXT, STORE */                        \
    X(NEXT_ROWS, 0, 1)              /* NEXT_STORE of a loop that only writes; \
                                       a: which of the function's rows */    \
    X(LOOP, 0, 0)                   /* JUMP to one of the two */             \
    X(LOAD_ATTR, 0, 1)              /* LOAD, GET_ATTR */                     \
    X(TEXT_SLOT, 0, 0)              /* TEXT, OUTPUT_SLOT */                  \
    X(TEXT_SLOT_TEXT, 0, 0)         /* TEXT, OUTPUT_SLOT, TEXT */            \
    X(TEXT_ATTR, 0, 0)              /* TEXT, LOAD, GET_ATTR, OUTPUT */       \
    X(TEXT_ATTR_TEXT, 0, 0)         /* TEXT, LOAD, GET_ATTR, OUTPUT, TEXT */


typedef enum {
#define X(name, pops, pushes)  TPL_INSN_##name,
    TPL_OPCODE_MAP(X)
#undef X
    TPL_INSN_LAST
} tpl_opcode_t;


#define TPL_NO_CONST          0xffffffff

/* LOAD's a: a name of a function around the one it was written in */
#define TPL_LOAD_FREE         2

/* CALL's a */
#define TPL_CALL_DIRECT       0x80
#define tpl_insn_nkw(i)       ((i)->a & 0x7f)   /* keyword values, <= 127 */

/* GET_ATTR's a: of a dict it can only be an item */
#define TPL_ATTR_PLAIN        1

/* OUTPUT's a */
#define TPL_OUT_AUTO          0     /* Jinja: markup, escape by the mode */
#define TPL_OUT_ESCAPE        1     /* Tornado: xhtml_escape, markup unknown */
#define TPL_OUT_RAW           2     /* str() only */

/* FOR's a */
#define TPL_FOR_LOOP          0x01  /* slot b + 1 becomes the loop object */
#define TPL_FOR_RECURSIVE     0x02  /* in a function of its own */

/* INCLUDE's and IMPORT's a */
#define TPL_REF_CONTEXT       0x01  /* with context */
#define TPL_REF_IGNORE        0x02  /* ignore missing */
#define TPL_REF_LOCALS        0x04  /* LOCALS on the stack top */
#define tpl_insn_locals(i)    (((i)->a & TPL_REF_LOCALS) ? 1u : 0u)


#endif /* _TPL_OPCODE_H_INCLUDED_ */
