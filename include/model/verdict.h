/* The answer for one endpoint: can a server bind it now; if not, why, and when. */
#pragma once

#include "model/holder.h"
#include "model/source.h"

enum verdict_kind {
    VERDICT_FREE,     /* a plain bind works */
    VERDICT_REUSABLE, /* TCP: only a bind with SO_REUSEADDR works */
    VERDICT_HELD,     /* neither */
    VERDICT_UNKNOWN,
};
const char *verdict_kind_name(enum verdict_kind kind);

/* Why a plain bind fails; when several hold, the first of this order. */
enum cause {
    CAUSE_DENIED,
    CAUSE_ADDRESS,
    CAUSE_PRIVILEGED,
    CAUSE_LISTENER,
    CAUSE_BOUND,
    CAUSE_OUTGOING,
    CAUSE_CONNECTED,
    CAUSE_CLOSING,
    CAUSE_TIME_WAIT,
    CAUSE_UNSEEN,
    CAUSE_NONE,    /* it is free */
    CAUSE_UNKNOWN, /* the verdict is unknown and nothing says why; no cause of the interface: shown as null */
};
#define CAUSE_COUNT 12
const char *cause_name(enum cause cause);

/* Whether a bind works, and how that is known. */
struct bind_result {
    struct address address;
    bool reuseaddr;
    int error;      /* 0: it works; else the errno */
    bool performed; /* false: inferred from the table or from the other bind */
};

/* When time alone frees the endpoint. */
enum frees_kind {
    FREES_NOT_KNOWN,
    FREES_NEVER, /* waiting will not help */
    FREES_AFTER, /* seconds; 0: now */
};
struct frees {
    enum frees_kind kind;
    double seconds;
};

/* What to do about it. The kind says which sort of act it is; its name is what JSON shows. */
enum remedy_kind {
    REMEDY_WAIT,      /* time alone frees it */
    REMEDY_RELEASE,   /* end its TIME_WAITs now */
    REMEDY_STOP,      /* end who holds it */
    REMEDY_CODE,      /* change the server's code */
    REMEDY_RESERVE,   /* keep outgoing connections away from it */
    REMEDY_PRIVILEGE, /* get the right to bind it */
    REMEDY_ADDRESS,   /* bind another address, or add this one */
    REMEDY_SETTING,   /* change a setting of the kernel */
    REMEDY_LOOK,      /* find out more */
};
const char *remedy_kind_name(enum remedy_kind kind);

struct remedy {
    enum remedy_kind kind;
    char *text;    /* owned: a sentence, or what must be known before the command is pasted; never NULL */
    char *command; /* owned: ready to paste, possibly several lines; NULL when there is none */
};
#define VERDICT_REMEDIES_MAX 6

#define VERDICT_BINDS_MAX (2 * ENDPOINT_ADDRESSES_MAX)

struct verdict {
    struct endpoint endpoint;
    enum verdict_kind kind;
    enum cause cause;
    struct source source; /* of what the table says */
    struct frees plain;
    struct frees reuseaddr;                      /* FREES_NOT_KNOWN for UDP */
    bool may_extend;                             /* an orphaned FIN_WAIT2 may become a TIME_WAIT and start anew */
    bool contradiction;                          /* a bind and the socket table disagree, even after a second look */
    struct bind_result binds[VERDICT_BINDS_MAX]; /* those whose result is known: plain ones first */
    size_t bind_count;
    struct holder *holders; /* owned: the groups that overlap, those that decide first */
    size_t holder_count;
    bool remembered;   /* owners of holders without a process are what an agent remembers */
    char *explanation; /* owned; NULL until explained */
    struct remedy remedies[VERDICT_REMEDIES_MAX];
    size_t remedy_count;
};

/* Frees what it owns; a zero-initialised verdict is fine. */
void verdict_done(struct verdict *verdict);

/* The listeners in the way of the endpoint: the group whose accept queue is the fullest; NULL without a listener. */
const struct holder *verdict_accept_queue(const struct verdict *verdict);

/* Whether the servers that listen on the endpoint can be started again at once. False: none does. */
bool verdict_restart(const struct verdict *verdict, enum restart *ret_restart);
