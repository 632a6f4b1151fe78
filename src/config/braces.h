/* `${NAME}` without quotes, wherever YAML lets a word stand: inside { } and [ ] too, where YAML
 * takes the braces, brackets and commas of a reference for its own. Before the text is read they
 * are replaced by characters that YAML has no use for, one for one, so that every place in a
 * message stays right; afterwards they are put back. */
#ifndef FIRN_CONFIG_BRACES_H
#define FIRN_CONFIG_BRACES_H

#include "base/arena.h"
#include "base/buf.h"
#include "config/yaml.h"

/* Appends the text; false: the buffer is full. */
bool braces_hide(struct span text, struct buf *out);
/* Puts them back in all values and names of the tree. False: no memory. */
MUST_CHECK bool braces_show(struct arena *, struct yaml *tree);

#endif
