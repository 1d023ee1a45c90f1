/** What is kept of a sensor: counters, open alarms as bits, the last reading, the sliding window. */
final class SensorState {
    static final int LEVEL1 = 1;
    static final int LEVEL2 = 2;
    static final int MEAN = 4;
    static final int RATE = 8;

    byte count1;
    byte count2;
    byte alarms;
    boolean seen;
    double last;
    long lastMs;
    double sum;
    long[] times = new long[8];
    double[] values = new double[8];
    int from;
    int to;

    boolean open(int bit) {
        return (alarms & bit) != 0;
    }

    int length() {
        return to - from;
    }

    /** Take a reading into the window and drop what is not newer than `limit`. */
    void add(long t, double v, long limit) {
        if (to == times.length) {
            makeRoom();
        }
        times[to] = t;
        values[to] = v;
        to++;
        sum += v;
        while (times[from] <= limit) {
            sum -= values[from];
            from++;
        }
    }

    private void makeRoom() {
        int length = length();
        int size = Math.max(8, length * 2);
        long[] moreTimes = new long[size];
        double[] moreValues = new double[size];
        System.arraycopy(times, from, moreTimes, 0, length);
        System.arraycopy(values, from, moreValues, 0, length);
        times = moreTimes;
        values = moreValues;
        from = 0;
        to = length;
    }
}
