/* As much of XML as the answers of S3 and STS need: elements found by name, and their text. No
 * DTD, no namespaces (a prefix is left out), attributes are skipped. Whatever comes, nothing is
 * read past the span, and what is not well formed is only not found. */
#ifndef FIRN_DELIVER_XML_H
#define FIRN_DELIVER_XML_H

#include "base/buf.h"
#include "base/span.h"

/* The next element of that name in *rest, at whatever depth; *ret_inner is what stands between its
 * tags, *rest goes on behind it. False: there is no whole one. */
bool xml_next(struct span *rest, const char *name, struct span *ret_inner);

/* Appends the text of what xml_next gave, tags left out, entities and CDATA resolved. */
bool xml_add_text(struct buf *out, struct span inner);

/* The text of the first element of that name into `out`, cut to room; "" and false: none. */
bool xml_text_of(struct span document, const char *name, char *out, size_t room);

#endif
