/* Records that are wrong, each in one way, made out of the text of a right one. */
#ifndef FIRN_SIM_MISCHIEF_H
#define FIRN_SIM_MISCHIEF_H

#include "twist.h"

#include "base/buf.h"

/* text number null list   the record is no object
 * noid nullid emptyid     no key; numberid: a number for a key
 * nostamp badstamp        no last_updated_time, or no time in it
 * types                   no times in times, words in booleans
 * utf8 surrogate nul      invalid bytes, \ud83d alone, \u0000 in the text `field`
 * control                 a raw control character: no JSON
 * digits                  a number of 33 digits where `field` is text
 * twice                   the member `field` two times, the right one last
 * extra                   unknown fields, among them 1e400 and 40 digits
 * long                    `bytes` more bytes in `field`
 * deep                    an unknown field of 500 lists in one another
 * `field` is by default a text that the entity has (platform, route, plugin_name, ...). */
#define MISCHIEF_WAYS                                                                          \
	"text number null list noid nullid emptyid numberid nostamp badstamp types utf8 "      \
	"surrogate nul control digits twice extra long deep"

/* Changes the record that begins at out->data + start and reaches to the end. */
bool mischief_record(struct buf *out, size_t start, const struct twist *twist);

#endif
