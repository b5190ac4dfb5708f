// SPDX-License-Identifier: GPL-2.0-or-later

#include "place.h"

#include <glob.h>
#include <string.h>

#include "conf_settings.h"

static void look_in(const char *file, const char *setting, struct place *p)
{
	char	 line[256];
	FILE	*f = fopen(file, "re");
	size_t	 n = strlen(setting);

	for (int number = 1; f && fgets(line, sizeof(line), f); number++) {
		const char *at = line + strspn(line, " \t");

		if (strncmp(at, setting, n) != 0 || !strchr(" \t=:", at[n]))
			continue;
		snprintf(p->file, sizeof(p->file), "%s", file);
		snprintf(p->text, sizeof(p->text), "%.*s", (int)strcspn(at, "\n"), at);
		p->line = number;
	}
	if (f)
		fclose(f);
}

static void look_in_directory(const char *conf_file, const char *setting, struct place *p)
{
	char		 pattern[PATH_LEN_MAX + 16];
	const char	*slash = strrchr(conf_file, '/');
	glob_t		 g;

	snprintf(pattern, sizeof(pattern), "%.*sconf.d/*.conf",
		 slash ? (int)(slash + 1 - conf_file) : 0, conf_file);
	if (glob(pattern, 0, NULL, &g) != 0)
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		look_in(g.gl_pathv[i], setting, p);
	globfree(&g);
}

void place_find(const struct cli *c, const char *setting, struct place *p)
{
	*p = (struct place){ .line = 0 };
	look_in(c->conf_file, setting, p);
	look_in_directory(c->conf_file, setting, p);
	if (p->line)
		return;
	for (size_t i = 0; i < conf_settings_n; i++)
		if (strcmp(conf_settings[i].name, setting) == 0)
			snprintf(p->text, sizeof(p->text), "%s = %s;", setting,
				 conf_settings[i].initial ? conf_settings[i].initial : "none");
}

const char *place_words(const struct place *p, char text[PATH_LEN_MAX + 16])
{
	if (p->line)
		snprintf(text, PATH_LEN_MAX + 16, "%s:%d", p->file, p->line);
	else
		snprintf(text, PATH_LEN_MAX + 16, "the default");
	return text;
}
