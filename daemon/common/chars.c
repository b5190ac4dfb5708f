// SPDX-License-Identifier: GPL-2.0-or-later

#include "chars.h"

enum {
	TEXT	= CHAR_TEXT,
	PLAIN	= CHAR_TEXT | CHAR_PLAIN,
	PCHAR	= PLAIN | CHAR_PCHAR,
	TCHAR	= PLAIN | CHAR_TCHAR,
	BOTH	= PCHAR | TCHAR,
	ALPHA	= BOTH | CHAR_ALPHA,
};

/* Whatever is not named is in no class. */
const uint8_t char_class[256] = {
	['\t'] = TEXT,
	[' '] = PLAIN,		['!'] = BOTH,	['"'] = TEXT,	['#'] = TCHAR,	['$'] = BOTH,
	['%'] = TCHAR,		['&'] = BOTH,	['\''] = BOTH,	['('] = PCHAR,	[')'] = PCHAR,
	['*'] = BOTH,		['+'] = BOTH,	[','] = PCHAR,	['-'] = BOTH,	['.'] = BOTH,
	['/'] = PLAIN,
	['0' ... '9'] = BOTH | CHAR_DIGIT | CHAR_LHEX,
	[':'] = PCHAR,		[';'] = PCHAR,	['<'] = PLAIN,	['='] = PCHAR,	['>'] = PLAIN,
	['?'] = PLAIN,		['@'] = PCHAR,
	['A' ... 'Z'] = ALPHA,
	['['] = PLAIN,		['\\'] = TEXT,	[']'] = PLAIN,	['^'] = TCHAR,	['_'] = BOTH,
	['`'] = TCHAR,
	['a' ... 'f'] = ALPHA | CHAR_LHEX,
	['g' ... 'z'] = ALPHA,
	['{'] = PLAIN,		['|'] = TCHAR,	['}'] = PLAIN,	['~'] = BOTH,
};
