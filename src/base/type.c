#include "base/type.h"

const char *type_name(enum type type)
{
	switch (type) {
	case TYPE_TEXT:
		return "text";
	case TYPE_INT:
		return "int";
	case TYPE_FLOAT:
		return "float";
	case TYPE_BOOL:
		return "bool";
	case TYPE_TIMESTAMP:
		return "timestamp";
	case TYPE_JSON:
		return "json";
	case TYPE_COUNT:
		break;
	}
	return "?";
}
