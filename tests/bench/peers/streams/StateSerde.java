import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** A state as bytes, fixed fields first, then the window: 28 bytes and 16 for each reading in it. */
final class StateSerde {
    private static final int HEAD = 28;
    private static final int EACH = 16;

    static final Serde<SensorState> SERDE =
            Serdes.serdeFrom(
                    (Serializer<SensorState>) (topic, state) -> state == null ? null : write(state),
                    (Deserializer<SensorState>) (topic, bytes) -> bytes == null ? null : read(bytes));

    private StateSerde() {}

    private static byte[] write(SensorState state) {
        ByteBuffer out = ByteBuffer.allocate(HEAD + EACH * state.length());
        out.put(state.count1).put(state.count2).put(state.alarms).put((byte) (state.seen ? 1 : 0));
        out.putDouble(state.last).putLong(state.lastMs).putDouble(state.sum);
        for (int i = state.from; i < state.to; i++) {
            out.putLong(state.times[i]).putDouble(state.values[i]);
        }
        return out.array();
    }

    private static SensorState read(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        SensorState state = new SensorState();
        state.count1 = in.get();
        state.count2 = in.get();
        state.alarms = in.get();
        state.seen = in.get() == 1;
        state.last = in.getDouble();
        state.lastMs = in.getLong();
        state.sum = in.getDouble();
        int length = (bytes.length - HEAD) / EACH;
        if (length >= state.times.length) {
            state.times = new long[length * 2];
            state.values = new double[length * 2];
        }
        for (int i = 0; i < length; i++) {
            state.times[i] = in.getLong();
            state.values[i] = in.getDouble();
        }
        state.to = length;
        return state;
    }
}
