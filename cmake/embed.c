/* embed NAME OUT ROOT FILE… - writes a C file with a table of the files' bytes, named by their path below ROOT. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    FILE *out = fopen(argv[2], "w");
    if (!out)
        return perror(argv[2]), 1;
    fprintf(out, "#include \"base/embed.h\"\n");
    for (int i = 4; i < argc; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[3], argv[i]);
        FILE *in = fopen(path, "rb");
        if (!in)
            return perror(path), 1;
        fprintf(out, "static const unsigned char file_%d[] = {", i);
        for (int c, n = 0; (c = fgetc(in)) != EOF; n++)
            fprintf(out, "%s%d,", n % 24 ? "" : "\n", c);
        fprintf(out, "0};\n");
        fclose(in);
    }
    fprintf(out, "const struct embed_file embed_%s[] = {\n", argv[1]);
    for (int i = 4; i < argc; i++)
        fprintf(out, "    { \"%s\", { (const char *)file_%d, sizeof file_%d - 1 } },\n", argv[i], i, i);
    fprintf(out, "    { 0 },\n};\n");
    return fclose(out) ? 1 : 0;
}
