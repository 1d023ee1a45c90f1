import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.LocalDate;

/** Reads three fields of a reading with a streaming parser; everything else is skipped. */
final class ReadingParser {
    private static final JsonFactory FACTORY = new JsonFactory();

    String sensor;
    double value;
    long atMs;
    private String day = "";
    private long dayMs;

    void parse(byte[] bytes) {
        try (JsonParser json = FACTORY.createParser(bytes)) {
            json.nextToken();
            for (String name = json.nextFieldName(); name != null; name = json.nextFieldName()) {
                JsonToken token = json.nextToken();
                switch (name) {
                    case "sensor_id" -> sensor = json.getText();
                    case "value" -> value = json.getDoubleValue();
                    case "occurred_at" -> atMs = millis(json.getText());
                    default -> {
                        if (token.isStructStart()) {
                            json.skipChildren();
                        }
                    }
                }
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** `2026-01-01T00:00:00[.digits]Z` in milliseconds; the day is looked up once. */
    private long millis(String text) {
        if (!text.startsWith(day) || day.isEmpty()) {
            day = text.substring(0, 10);
            dayMs = LocalDate.parse(day).toEpochDay() * 86_400_000L;
        }
        long seconds = number(text, 11) * 3600 + number(text, 14) * 60 + number(text, 17);
        long fraction = 0;
        if (text.charAt(19) == '.') {
            for (int i = 20, scale = 100; i < 23; i++, scale /= 10) {
                char digit = i < text.length() ? text.charAt(i) : 'Z';
                if (digit < '0' || digit > '9') {
                    break;
                }
                fraction += (long) (digit - '0') * scale;
            }
        }
        return dayMs + seconds * 1000 + fraction;
    }

    private static long number(String text, int at) {
        return (text.charAt(at) - '0') * 10L + (text.charAt(at + 1) - '0');
    }
}
