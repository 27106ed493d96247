#include "quota.h"

#include "base/clock.h"

/* So many at once, and so many more in the course of a minute, make the ten of any minute. */
#define AT_ONCE (QUOTA_LINES_A_MINUTE / 2)
#define PRICE_NS (60 * CLOCK_NS_PER_S / (QUOTA_LINES_A_MINUTE - AT_ONCE))

void quota_init(struct quota *quota)
{
    *quota = (struct quota){0};
    pthread_mutex_init(&quota->lock, NULL);
}

void quota_done(struct quota *quota)
{
    pthread_mutex_destroy(&quota->lock);
}

/* Under the lock. */
static bool pay(struct quota *quota, int64_t now_ns)
{
    if (quota->paid_until_ns < now_ns)
        quota->paid_until_ns = now_ns;
    if (quota->paid_until_ns - now_ns > (AT_ONCE - 1) * PRICE_NS)
        return false;
    quota->paid_until_ns += PRICE_NS;
    return true;
}

bool quota_take(struct quota *quota, int64_t now_ns)
{
    pthread_mutex_lock(&quota->lock);
    bool allowed = quota->suppressed == 0 && pay(quota, now_ns);
    quota->suppressed += !allowed;
    pthread_mutex_unlock(&quota->lock);
    return allowed;
}

uint64_t quota_suppressed(struct quota *quota, int64_t now_ns)
{
    uint64_t suppressed = 0;
    pthread_mutex_lock(&quota->lock);
    if (quota->suppressed > 0 && pay(quota, now_ns)) {
        suppressed = quota->suppressed;
        quota->suppressed = 0;
    }
    pthread_mutex_unlock(&quota->lock);
    return suppressed;
}
