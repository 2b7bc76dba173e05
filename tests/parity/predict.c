/* Scores the rows of a CSV (label first, as for training) with libxgboost and nothing of ours, and
 * prints each float32 as eight hex digits: predict MODEL-FILE ROWS.csv COLUMNS. The oracle of
 * t01_predictions.sh. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xgboost/c_api.h>

#define MAX_VALUES 1000000

static int check(int code)
{
    if (code == 0)
        return 0;
    fprintf(stderr, "predict: %s\n", XGBGetLastError());
    exit(1);
}

static size_t read_rows(const char *path, size_t columns, float *values)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    static char line[65536];
    size_t n = 0;
    while (fgets(line, sizeof(line), file) != NULL && n + columns <= MAX_VALUES) {
        const char *at = strchr(line, ',');
        for (size_t i = 0; i < columns && at != NULL; i++) {
            char *end = NULL;
            values[n++] = (float) strtod(at + 1, &end);
            at = end;
        }
    }
    fclose(file);
    return n / columns;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 64;
    size_t columns = (size_t) strtoul(argv[3], NULL, 10);
    float *values = calloc(MAX_VALUES, sizeof(float));
    if (values == NULL || columns == 0)
        return 1;
    size_t rows = read_rows(argv[2], columns, values);
    BoosterHandle booster = NULL;
    DMatrixHandle matrix = NULL;
    check(XGBoosterCreate(NULL, 0, &booster));
    check(XGBoosterLoadModel(booster, argv[1]));
    check(XGBoosterSetParam(booster, "nthread", "1"));
    check(XGDMatrixCreateFromMat(values, rows, columns, NAN, &matrix));
    bst_ulong count = 0;
    const float *predictions = NULL;
    check(XGBoosterPredict(booster, matrix, 0, 0, 0, &count, &predictions));
    for (bst_ulong i = 0; i < count; i++) {
        uint32_t bits = 0;
        memcpy(&bits, &predictions[i], sizeof(bits));
        printf("%08x\n", bits);
    }
    check(XGDMatrixFree(matrix));
    check(XGBoosterFree(booster));
    free(values);
    return 0;
}
