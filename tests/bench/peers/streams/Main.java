import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/**
 * The workload on Kafka Streams: RocksDB with a changelog, one stream thread, commits each second.
 *
 * <p>Arguments: bootstrap, topic, result topic, count, application id, folder. The whole topic is
 * processed twice in one JVM, first as another application whose results go to the topic with
 * ".warm" at its end; only the second time counts, on compiled code.
 */
public final class Main {
    public static void main(String[] arguments) throws Exception {
        String out = arguments[2];
        run(arguments, arguments[4] + "-warm", out + ".warm", new Marks(Long.parseLong(arguments[3]), true));
        KafkaStreams streams =
                run(arguments, arguments[4], out, new Marks(Long.parseLong(arguments[3]), false));
        while (System.in.read() >= 0) {
            // The benchmark closes our input when it has what it wants.
        }
        streams.close();
    }

    private static KafkaStreams run(String[] arguments, String id, String out, Marks marks)
            throws InterruptedException {
        Topology topology = new Topology();
        topology.addSource("in", new ByteArrayDeserializer(), new ByteArrayDeserializer(), arguments[1]);
        topology.addProcessor("score", () -> new Scoring(marks), "in");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(
                                Stores.persistentKeyValueStore(Scoring.STORE), Serdes.String(), StateSerde.SERDE)
                        .withCachingEnabled(),
                "score");
        topology.addSink("out", out, new StringSerializer(), new ByteArraySerializer(), "score");
        KafkaStreams streams = new KafkaStreams(topology, settings(arguments, id));
        streams.setUncaughtExceptionHandler(
                error -> {
                    error.printStackTrace();
                    Runtime.getRuntime().halt(1);
                    return null;
                });
        streams.start();
        marks.await();
        if (marks.warming) {
            streams.close();
        }
        return streams;
    }

    private static Properties settings(String[] arguments, String id) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, id);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[5]);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        return settings;
    }

    /** Says when the first and the last reading is scored; System.nanoTime is CLOCK_MONOTONIC. */
    static final class Marks {
        final boolean warming;
        private final long count;
        private final CountDownLatch finished = new CountDownLatch(1);
        private long done;

        Marks(long count, boolean warming) {
            this.count = count;
            this.warming = warming;
        }

        void one() {
            done++;
            if (done == 1) {
                say("first");
            }
            if (done == count) {
                say("done");
                finished.countDown();
            }
        }

        void await() throws InterruptedException {
            finished.await();
        }

        private void say(String mark) {
            String name = warming ? "warm-" + mark : mark;
            long now = System.nanoTime();
            System.out.printf(
                    "{\"mark\": \"%s\", \"done\": %d, \"at_s\": %d.%09d}%n",
                    name, done, now / 1_000_000_000, now % 1_000_000_000);
            System.out.flush();
        }
    }
}
