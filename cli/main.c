/* main.c - the program. The table of commands is in commands.c. */
#include <signal.h>

#include "cli/command.h"

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error of one write, not the end of the cloud */
    return command_main(argc, argv);
}
