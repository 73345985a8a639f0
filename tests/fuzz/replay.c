/*
 * Play kept inputs of a fuzzer, without the fuzzer. usage: program FILE...
 */
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int main(int argc, char **argv)
{
    static uint8_t data[1 << 16];
    int i;

    for (i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");

        if (!file)
            return 2;
        LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof(data), file));
        fclose(file);
    }
    return 0;
}
