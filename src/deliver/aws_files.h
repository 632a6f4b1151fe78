/* ~/.aws/config and ~/.aws/credentials, as far as firn uses them. Pure text. */
#ifndef FIRN_DELIVER_AWS_FILES_H
#define FIRN_DELIVER_AWS_FILES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* All texts in the arena; NULL: not there. */
struct aws_profile {
	bool found;
	const char *aws_access_key_id, *aws_secret_access_key, *aws_session_token;
	const char *region, *endpoint_url;
	const char *credential_process;
	const char *role_arn, *web_identity_token_file, *role_session_name;
	const char *unsupported; /* the first key seen that asks for what is not there: sso_... */
};

/* Adds what the section of that profile says to *ret, over what is there: read the config first,
 * then the credentials. A config calls a section "profile NAME" (but "default"), credentials NAME.
 * Keys that are not known, nested ones and lines that are none are passed over, as AWS's own
 * libraries do. ERR_MEMORY. */
MUST_CHECK bool aws_profile_read(struct arena *arena, struct span text, bool is_config,
				 const char *profile, struct aws_profile *ret,
				 struct err *reterr);

/* A command line as a shell's quoting means it, without a shell: blanks, '...', "...", \x. The
 * list ends with NULL. ERR_USAGE: a quote is not closed, or nothing is there. */
MUST_CHECK bool aws_split_command(struct arena *arena, const char *text, const char ***ret,
				  struct err *reterr);

#endif
