/* What the two files that ask share: setup_ask.c the questions of the table, setup_secret.c what
 * stands in none. */
#ifndef FIRN_CLI_SETUP_ASKING_H
#define FIRN_CLI_SETUP_ASKING_H

#include "cli/setup.h"

struct asking {
	struct cli *cli;
	struct setup_answers *answers;
	bool ask; /* somebody sits at the terminal */
};

/* Out of options. */
MUST_CHECK bool setup_take_secret(struct cli *, struct setup_answers *, struct setup_secret *,
				  struct err *reterr);
MUST_CHECK bool setup_take_settings(struct cli *, struct setup_answers *, struct err *reterr);
/* For what is missing; ERR_USAGE where nobody can be asked. */
MUST_CHECK bool setup_ask_token(struct asking *, struct err *reterr);
MUST_CHECK bool setup_ask_password(struct asking *, struct err *reterr);
MUST_CHECK bool setup_ask_settings(struct asking *, struct err *reterr);

#endif
