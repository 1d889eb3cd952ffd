/* INTEGRA_API marks what a shared build of Integra exports. */
#ifndef INTEGRA_EXPORT_H_
#define INTEGRA_EXPORT_H_

#if defined(__GNUC__)
#define INTEGRA_API __attribute__((visibility("default")))
#else
#define INTEGRA_API
#endif

#endif /* INTEGRA_EXPORT_H_ */
