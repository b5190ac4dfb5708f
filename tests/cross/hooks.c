// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ASan's way to be told of every allocation, for unit tests that are built
 * without ASan.  Nothing is counted before the test asks for it.
 */
#include <stddef.h>

typedef void	on_malloc(const volatile void *at, size_t n);
typedef void	on_free(const volatile void *at);

/* glibc's own, behind the names that are taken here. */
void	*__libc_malloc(size_t n);
void	*__libc_calloc(size_t n, size_t size);
void	*__libc_realloc(void *at, size_t n);
void	*__libc_memalign(size_t alignment, size_t n);
void	 __libc_free(void *at);

/* stdlib.h would call the first four differently (attributes, inlining). */
void	*malloc(size_t n);
void	*calloc(size_t n, size_t size);
void	*realloc(void *at, size_t n);
void	*aligned_alloc(size_t alignment, size_t n);
void	 free(void *at);
int	 __sanitizer_install_malloc_and_free_hooks(on_malloc *m, on_free *f);

static on_malloc	*malloc_hook;
static on_free		*free_hook;

static void *told(void *at, size_t n)
{
	if (malloc_hook)
		malloc_hook(at, n);
	return at;
}

void *malloc(size_t n)
{
	return told(__libc_malloc(n), n);
}

void *calloc(size_t n, size_t size)
{
	return told(__libc_calloc(n, size), n * size);
}

void *realloc(void *at, size_t n)
{
	return told(__libc_realloc(at, n), n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
	return told(__libc_memalign(alignment, n), n);
}

void free(void *at)
{
	if (free_hook)
		free_hook(at);
	__libc_free(at);
}

int __sanitizer_install_malloc_and_free_hooks(on_malloc *m, on_free *f)
{
	malloc_hook = m;
	free_hook = f;
	return 1;
}
