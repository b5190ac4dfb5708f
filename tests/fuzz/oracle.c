// SPDX-License-Identifier: GPL-2.0-or-later

#include "oracle.h"

#include <openssl/evp.h>
#include <string.h>

#include "canon.h"
#include "fuzz.h"
#include "limit.h"

/* The sanitizers' own; gcc has no header for it. */
int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void *, size_t),
					      void (*)(const volatile void *));

static unsigned long mallocs;

static void on_malloc(const volatile void *p, size_t n)
{
	(void)p;
	(void)n;
	mallocs++;
}

static void on_free(const volatile void *p)
{
	(void)p;
}

unsigned long oracle_mallocs(void)
{
	static bool installed;

	if (!installed)
		PROMISE(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free));
	installed = true;
	return mallocs;
}

bool oracle_inside(struct bytes whole, struct bytes view)
{
	return view.at >= whole.at && view.len <= whole.len &&
	       (size_t)(view.at - whole.at) <= whole.len - view.len;
}

static bool same_text(const struct text *a, const struct text *b)
{
	return bytes_equal(text_bytes(a), text_bytes(b));
}

bool oracle_same_digest(const struct digest *a, const struct digest *b)
{
	return same_text(&a->username, &b->username) && same_text(&a->realm, &b->realm) &&
	       same_text(&a->nonce, &b->nonce) && same_text(&a->uri, &b->uri) &&
	       same_text(&a->cnonce, &b->cnonce) && same_text(&a->opaque, &b->opaque) &&
	       a->algorithm == b->algorithm && a->has_algorithm == b->has_algorithm &&
	       a->has_qop == b->has_qop && a->has_cnonce == b->has_cnonce &&
	       a->has_opaque == b->has_opaque && a->has_comma == b->has_comma &&
	       memcmp(a->nc, b->nc, NC_LEN) == 0 &&
	       bytes_equal(hex_bytes(&a->response), hex_bytes(&b->response));
}

bool oracle_same_request(const struct request *a, const struct request *b)
{
	return bytes_equal(a->target, b->target) && bytes_equal(a->path, b->path) &&
	       bytes_equal(a->host, b->host) && a->connection == b->connection;
}

/* Lower-case hex of the hash of the @n texts, with colons between. */
static struct hex joined(const EVP_MD *md, size_t n, const struct bytes *text)
{
	uint8_t		all[2048], raw[EVP_MAX_MD_SIZE];
	unsigned	raw_len = 0;
	size_t		len = 0;
	struct hex	out = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (i)
			all[len++] = ':';
		PROMISE(len + text[i].len < sizeof(all));
		if (text[i].len)
			memcpy(all + len, text[i].at, text[i].len);
		len += text[i].len;
	}
	PROMISE(EVP_Digest(all, len, raw, &raw_len, md, NULL));
	for (unsigned i = 0; i < raw_len; i++) {
		out.at[out.len++] = (uint8_t)"0123456789abcdef"[raw[i] / 16];
		out.at[out.len++] = (uint8_t)"0123456789abcdef"[raw[i] % 16];
	}
	return out;
}

static const EVP_MD *md_of(const struct digest *d)
{
	return strncmp(algorithm_name[d->algorithm], "SHA", 3) == 0 ? EVP_sha256() : EVP_md5();
}

struct hex oracle_a1(const struct digest *d, const char *password)
{
	return joined(md_of(d), 3, (struct bytes[]){
		      text_bytes(&d->username), text_bytes(&d->realm),
		      { (const uint8_t *)password, strlen(password) } });
}

struct hex oracle_response(const struct digest *d, const char *password)
{
	const EVP_MD	*md = md_of(d);
	struct bytes	nonce = text_bytes(&d->nonce), cnonce = text_bytes(&d->cnonce);
	struct hex	a1 = oracle_a1(d, password), a2;

	a2 = joined(md, 2, (struct bytes[]){ BYTES("GET"), text_bytes(&d->uri) });
	if (strstr(algorithm_name[d->algorithm], "-sess"))
		a1 = joined(md, 3, (struct bytes[]){ hex_bytes(&a1), nonce, cnonce });
	if (!d->has_qop)
		return joined(md, 3, (struct bytes[]){ hex_bytes(&a1), nonce, hex_bytes(&a2) });
	return joined(md, 6, (struct bytes[]){ hex_bytes(&a1), nonce, { d->nc, NC_LEN }, cnonce,
		      BYTES("auth"), hex_bytes(&a2) });
}

/* The fields that canonical heads have, in their order; NULL: any value. */
static const struct {
	const char *name, *value;
} fields[] = {
	{ "Host:", NULL },
	{ "User-Agent:", "cwmpgate" }, { "Accept:", "*/*" }, { "Accept-Language:", "en" },
	{ "Accept-Encoding:", "identity" }, { "Accept-Charset:", "utf-8" },
	{ "Authorization: Digest username=\"", NULL },
	{ "Connection: keep-alive", "" }, { "Connection: close", "" },
};

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

static bool is_field(struct bytes line, size_t i)
{
	struct bytes	name;
	uint8_t		c;

	if (!bytes_take(&line, strlen(fields[i].name), &name) ||
	    memcmp(name.at, fields[i].name, name.len) != 0)
		return false;
	if (!fields[i].value)
		return true;
	while (bytes_peek(&line, &c) && c == ' ')
		PROMISE(bytes_skip(&line, 1));
	return line.len == strlen(fields[i].value) &&
	       memcmp(line.at, fields[i].value, line.len) == 0;
}

static void check_lines(struct bytes head)
{
	struct bytes	line, rest = head;
	size_t		next = 0, i;

	for (size_t n = 0; bytes_until(&rest, '\n', &line); n++) {
		PROMISE(line.len && line.at[line.len - 1] == '\r');
		line.len--;
		PROMISE(line.len <= HEAD_LINE_MAX && n < HEAD_LINES_MAX);
		for (i = 0; i < line.len; i++)
			PROMISE(line.at[i] >= 0x20 && line.at[i] < 0x7f);
		if (line.len == 0)
			break;
		if (n == 0) {
			PROMISE(line.len >= 14 && memcmp(line.at, "GET /", 5) == 0);
			PROMISE(memcmp(line.at + line.len - 9, " HTTP/1.1", 9) == 0);
			continue;
		}
		for (i = next; i < FIELDS && !is_field(line, i); i++)
			;
		PROMISE(i < FIELDS);		/* what nobody should have written */
		PROMISE(n != 1 || i == 0);
		PROMISE(line.at[0] != 'A' || line.at[1] != 'u' || n < 9);
		next = i + 1;
	}
	PROMISE(rest.len == 0 && next > 0);
}

void oracle_canonical(struct bytes head)
{
	static uint8_t	again[HEAD_MAX];
	struct request	q;
	struct digest	d;
	size_t		offset;

	PROMISE(head.len >= HEAD_MIN && head.len <= HEAD_MAX);
	PROMISE(memcmp(head.at + head.len - 4, "\r\n\r\n", 4) == 0);
	check_lines(head);
	PROMISE(http_parse(&q, head, false, &offset) == WHY_NEXT);
	PROMISE(!q.has_authorization || digest_parse(&d, q.authorization));
	PROMISE(canon_write(again, head.len, &q, q.has_authorization ? &d : NULL) == WHY_NEXT);
	PROMISE(memcmp(again, head.at, head.len) == 0);
}
