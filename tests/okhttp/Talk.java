import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.ByteString;

/**
 * A WebSocket whose server echoes: each message goes out once the one before came back.
 *
 * <p>Messages are "text:" or "bytes:" and Base64. For each that came back it says {@code number said
 * text|bytes Base64}. Then it closes and says {@code number ok 101 ws}; if it shall stay open, it
 * says that at once.
 */
final class Talk extends WebSocketListener {
    private final String number;
    private final boolean closes;
    private final Iterator<String> messages;

    Talk(String number, boolean closes, List<String> messages) {
        this.number = number;
        this.closes = closes;
        this.messages = messages.iterator();
    }

    void begin(OkHttpClient client, String url) {
        client.newWebSocket(new Request.Builder().url(url).build(), this);
    }

    @Override
    public void onOpen(WebSocket socket, Response answer) {
        next(socket);
    }

    @Override
    public void onMessage(WebSocket socket, String text) {
        said(socket, "text", ByteString.encodeUtf8(text).base64());
    }

    @Override
    public void onMessage(WebSocket socket, ByteString bytes) {
        said(socket, "bytes", bytes.base64());
    }

    @Override
    public void onClosed(WebSocket socket, int code, String reason) {
        done();
    }

    @Override
    public void onFailure(WebSocket socket, Throwable error, Response answer) {
        Phone.say(number, "failed", error.getClass().getSimpleName());
    }

    private void said(WebSocket socket, String kind, String content) {
        Phone.say(number, "said", kind, content);
        next(socket);
    }

    private void next(WebSocket socket) {
        if (!messages.hasNext()) {
            if (closes) {
                socket.close(1000, null);
            } else {
                done();
            }
            return;
        }
        String[] message = messages.next().split(":", 2);
        ByteString content = ByteString.of(Base64.getDecoder().decode(message[1]));
        if (message[0].equals("text")) {
            socket.send(content.utf8());
        } else {
            socket.send(content);
        }
    }

    private void done() {
        Phone.say(number, "ok", "101", "ws", "");
    }
}
