/* What the files that read firn.yaml share: config.c the whole and the source, destination.c where
 * it goes and when. */
#ifndef FIRN_CONFIG_CONFIG_PRIVATE_H
#define FIRN_CONFIG_CONFIG_PRIVATE_H

#include "config/config.h"
#include "config/keys.h"

struct reader {
	struct config *config;
	enum config_use use;
	struct mistakes *mistakes;
};

/* A secret by its path, "source.auth.basic.user"; NULL: not given. Read before ${…} is replaced in
 * the rest, so that its own text can be read again later. */
struct secret *reader_secret(struct reader *, struct yaml *root, const char *path, bool identity);
/* A path, relative ones below the configuration's folder; NULL stays NULL. */
const char *reader_path(struct reader *, const char *path);
/* `above` (it ends with a slash) and the pipeline's name in it. */
const char *reader_default_dir(struct reader *, const char *above);

void destination_secrets(struct reader *, struct yaml *root);
void destination_read(struct reader *, struct keys root);

#endif
