/* A handwritten three: 8x8 shades of grey from 0 to 16, from the Optical Recognition of Handwritten
 * Digits data set (E. Alpaydin, C. Kaynak; CC BY 4.0), sample 3 of scikit-learn's copy. */
#ifndef INTEGRA_EXAMPLES_DIGIT_H_
#define INTEGRA_EXAMPLES_DIGIT_H_

static const unsigned char kDigit[64] = {0, 0, 7,  15, 13, 1,  0, 0, /**/
                                         0, 8, 13, 6,  15, 4,  0, 0, /**/
                                         0, 2, 1,  13, 13, 0,  0, 0, /**/
                                         0, 0, 2,  15, 11, 1,  0, 0, /**/
                                         0, 0, 0,  1,  12, 12, 1, 0, /**/
                                         0, 0, 0,  0,  1,  10, 8, 0, /**/
                                         0, 0, 8,  4,  5,  14, 9, 0, /**/
                                         0, 0, 7,  13, 13, 9,  0, 0};

#endif /* INTEGRA_EXAMPLES_DIGIT_H_ */
