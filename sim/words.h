/* What people, bot and documents say: our own sentences, of the kinds that real tenants' data
 * hold (markdown, line breaks, emoji, zero-width characters, backslashes, quotes, a leading '-').
 *
 * The texts are escaped for JSON already, so that a record is put together by copying. */
#ifndef FIRN_SIM_WORDS_H
#define FIRN_SIM_WORDS_H

#include "base/span.h"

#include <stdint.h>

/* Each list ends with NULL. */
extern const char *const WORDS_BOT[];      /* sentences of the bot, to be strung together */
extern const char *const WORDS_SNIPPET[];  /* sentences of documents, likewise */
extern const char *const WORDS_ASK[];      /* "content\0domain\0entity"; "" is null */
extern const char *const WORDS_BUTTON[];
extern const char *const WORDS_TITLE[];    /* articles */
extern const char *const WORDS_FILE[];     /* file names */
extern const char *const WORDS_PLUGIN[];   /* the first stands for search: a third of all calls */
extern const char *const WORDS_FIRST_NAME[];
extern const char *const WORDS_LAST_NAME[];
extern const char *const WORDS_THING[];    /* groups and software */
extern const char *const WORDS_HANDOFF[];
extern const char *const WORDS_NOTICE[];   /* "type\0source\0domain" of a notification */

uint32_t words_count(const char *const *list);

/* A list joined into one text, so that any run of neighbours is one copy. */
struct corpus {
	char *text;
	uint32_t *begin; /* n + 1 of them */
	uint32_t n;
};

bool corpus_make(struct corpus *ret, const char *const *list); /* false: no memory */
void corpus_done(struct corpus *corpus);

/* The sentences from..from + count - 1; past the end it stops. */
static inline struct span corpus_run(const struct corpus *corpus, uint32_t from, uint32_t count)
{
	uint32_t until = from + count < corpus->n ? from + count : corpus->n;
	return (struct span){corpus->text + corpus->begin[from],
			     corpus->begin[until] - corpus->begin[from]};
}

#endif
