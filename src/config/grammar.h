/* The table of firn.yaml. */
#ifndef FIRN_CONFIG_GRAMMAR_H
#define FIRN_CONFIG_GRAMMAR_H

#include "config/keys.h"

extern const struct form CONFIG_FORM;

#endif
