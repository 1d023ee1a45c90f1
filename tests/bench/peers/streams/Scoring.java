import java.nio.charset.StandardCharsets;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** The four rules on one reading, as `step` of tests/bench/reference.py has them. */
final class Scoring implements Processor<byte[], byte[], String, byte[]> {
    static final String STORE = "sensors";
    private static final int HOLD = 3;
    private static final int MIN_WINDOW = 3;
    private static final long WINDOW_MS = 60_000;

    /** By kind: level one, level two, mean, rate; raise and clear each. */
    private static final double[][] LIMITS = {
        {3.0, 2.8, 4.0, 3.7, 2.9, 2.6, 0.035, 0.010},
        {30.0, 25.0, 50.0, 42.0, 28.0, 22.0, 1.20, 0.30},
        {10.0, 8.0, 20.0, 16.0, 9.0, 7.0, 0.50, 0.12},
        {40.0, 37.0, 60.0, 54.0, 38.0, 34.0, 1.20, 0.30},
    };

    private final Main.Marks marks;
    private final ReadingParser reading = new ReadingParser();
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, SensorState> store;

    Scoring(Main.Marks marks) {
        this.marks = marks;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> given) {
        context = given;
        store = given.getStateStore(STORE);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        reading.parse(record.value());
        String sensor = reading.sensor;
        SensorState state = store.get(sensor);
        if (state == null) {
            state = new SensorState();
        }
        step(state, sensor, reading.value, reading.atMs, record.timestamp());
        store.put(sensor, state);
        marks.one();
    }

    private void step(SensorState s, String sensor, double v, long t, long stamp) {
        double[] limits = LIMITS[Integer.parseInt(sensor, 3, sensor.length(), 10) % 4];
        s.count1 = level(s, SensorState.LEVEL1, s.count1, limits[0], limits[1], "t1", sensor, v, t, stamp);
        s.count2 = level(s, SensorState.LEVEL2, s.count2, limits[2], limits[3], "t2", sensor, v, t, stamp);
        s.add(t, v, t - WINDOW_MS);
        int n = s.length();
        if (n >= MIN_WINDOW) {
            if (s.open(SensorState.MEAN)) {
                if (s.sum < limits[5] * n) {
                    change(s, SensorState.MEAN, "mean", sensor, v, t, stamp);
                }
            } else if (s.sum > limits[4] * n) {
                change(s, SensorState.MEAN, "mean", sensor, v, t, stamp);
            }
        }
        long dt = t - s.lastMs;
        if (s.seen && dt > 0) {
            double moved = (v - s.last) * 1000.0;
            if (s.open(SensorState.RATE)) {
                if (moved < limits[7] * dt) {
                    change(s, SensorState.RATE, "roc", sensor, v, t, stamp);
                }
            } else if (moved >= limits[6] * dt) {
                change(s, SensorState.RATE, "roc", sensor, v, t, stamp);
            }
        }
        s.seen = true;
        s.last = v;
        s.lastMs = t;
    }

    private byte level(
            SensorState s, int bit, byte count, double raise, double clear,
            String rule, String sensor, double v, long t, long stamp) {
        if (s.open(bit)) {
            if (v < clear) {
                change(s, bit, rule, sensor, v, t, stamp);
            }
            return count;
        }
        if (v < raise) {
            return 0;
        }
        if (count + 1 < HOLD) {
            return (byte) (count + 1);
        }
        change(s, bit, rule, sensor, v, t, stamp);
        return 0;
    }

    private void change(
            SensorState s, int bit, String rule, String sensor, double v, long t, long stamp) {
        s.alarms ^= (byte) bit;
        String state = s.open(bit) ? "raise" : "clear";
        String json =
                "{\"sensor_id\":\"" + sensor + "\",\"rule\":\"" + rule + "\",\"state\":\"" + state
                        + "\",\"value\":" + v + ",\"ts\":" + t + "}";
        context.forward(new Record<>(sensor, json.getBytes(StandardCharsets.UTF_8), stamp));
    }
}
