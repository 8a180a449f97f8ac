import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/**
 * An Android app's network library, driven by lines: fields end with a tab, bytes are Base64.
 *
 * <p>Arguments: the certificate authorities' PEM files (with commas between), the proxy's
 * "host:port" or "-", the pin as "host=sha256/..." or "-".
 *
 * <p>In: {@code call number protocol method url body} (all at once, as apps do), {@code talk number
 * protocol url last message...} (see {@link Talk}). Protocols are "h2" (where the server speaks it)
 * and "http/1.1": each is a client with its own pool. Out: {@code number ok status protocol body}
 * or {@code number failed exception}. Connections stay in the pool until the input ends.
 */
final class Phone {
    private static final Map<String, OkHttpClient> CLIENTS = new HashMap<>();

    public static void main(String[] given) throws Exception {
        OkHttpClient.Builder builder =
                new OkHttpClient.Builder()
                        .connectTimeout(15, TimeUnit.SECONDS)
                        .readTimeout(15, TimeUnit.SECONDS);
        Trusting.install(builder, given[0].split(","));
        if (!given[1].equals("-")) {
            String[] proxy = given[1].split(":");
            InetSocketAddress address =
                    new InetSocketAddress(proxy[0], Integer.parseInt(proxy[1]));
            builder.proxy(new Proxy(Proxy.Type.HTTP, address));
        }
        if (!given[2].equals("-")) {
            String[] pin = given[2].split("=", 2);
            builder.certificatePinner(
                    new CertificatePinner.Builder().add(pin[0], pin[1]).build());
        }
        CLIENTS.put("h2", builder.build());
        List<Protocol> old = Collections.singletonList(Protocol.HTTP_1_1);
        CLIENTS.put("http/1.1", builder.protocols(old).build());
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
        for (String line = orders.readLine(); line != null; line = orders.readLine()) {
            String[] order = line.split("\t", -1);
            OkHttpClient client = CLIENTS.get(order[2]);
            if (order[0].equals("call")) {
                call(client, order[1], order[3], order[4], order[5]);
            } else {
                List<String> messages = Arrays.asList(order).subList(5, order.length);
                new Talk(order[1], order[4].equals("close"), messages).begin(client, order[3]);
            }
        }
        System.exit(0);
    }

    /** Writes a line; the threads of calls and talks take turns. */
    static synchronized void say(String... fields) {
        System.out.println(String.join("\t", fields));
        System.out.flush();
    }

    private static void call(
            OkHttpClient client, String number, String method, String url, String body) {
        RequestBody sent =
                method.equals("GET")
                        ? null
                        : RequestBody.create(null, Base64.getDecoder().decode(body));
        Request request = new Request.Builder().url(url).method(method, sent).build();
        client.newCall(request)
                .enqueue(
                        new Callback() {
                            @Override
                            public void onFailure(Call call, IOException error) {
                                say(number, "failed", error.getClass().getSimpleName());
                            }

                            @Override
                            public void onResponse(Call call, Response answer)
                                    throws IOException {
                                try {
                                    byte[] got = answer.body().bytes();
                                    say(
                                            number,
                                            "ok",
                                            String.valueOf(answer.code()),
                                            answer.protocol().toString(),
                                            Base64.getEncoder().encodeToString(got));
                                } catch (IOException error) {
                                    onFailure(call, error);
                                }
                            }
                        });
    }
}
