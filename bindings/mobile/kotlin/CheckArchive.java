import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/**
 * Looks at an Android archive as a build does that depends on it
 * (https://developer.android.com/studio/projects/android-library#aar-contents, read 2026-11-23). With the name of a kind of processor
 * after the file's it also loads that one's library, which has to be of this machine.
 */
public final class CheckArchive {
    private static final String PACKAGE = "io.github.acdplatform.mobile";
    private static final String ANDROID = "http://schemas.android.com/apk/res/android";
    /** The class files of Java 8, which Android's compiler takes from any release on. */
    private static final int NEWEST_CLASS_FILE = 52;

    private CheckArchive() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Files.createTempDirectory("acd-archive");
        try (ZipFile archive = new ZipFile(arguments[0])) {
            manifest(archive);
            for (String file : List.of("R.txt", "proguard.txt")) {
                entry(archive, file);
            }
            List<String> libraries = archive.stream().map(ZipEntry::getName).filter(name -> name.endsWith(".so")).toList();
            require(!libraries.isEmpty(), "holds no library");
            for (String library : libraries) {
                require(library.matches("jni/[a-z0-9_-]+/libacd_mobile\\.so"), library + " is not where Android looks for it");
            }
            List<String> classes = classes(extract(archive, "classes.jar", folder));
            try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.resolve("classes.jar").toUri().toURL()})) {
                for (String name : classes) {
                    Class.forName(name, false, loader);
                }
                if (arguments.length > 1) {
                    Path library = extract(archive, "jni/" + arguments[1] + "/libacd_mobile.so", folder);
                    load(loader, library);
                }
            }
            System.out.printf("%s: %s, %d classes%n", arguments[0], libraries, classes.size());
        } finally {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    private static void manifest(ZipFile archive) throws Exception {
        DocumentBuilderFactory parsers = DocumentBuilderFactory.newInstance();
        parsers.setNamespaceAware(true);
        Element manifest;
        try (InputStream text = archive.getInputStream(entry(archive, "AndroidManifest.xml"))) {
            manifest = parsers.newDocumentBuilder().parse(text).getDocumentElement();
        }
        require(manifest.getTagName().equals("manifest"), "AndroidManifest.xml is no manifest");
        require(manifest.getAttribute("package").equals(PACKAGE), "AndroidManifest.xml names another package");
        Element sdk = (Element) manifest.getElementsByTagName("uses-sdk").item(0);
        require(sdk != null && sdk.getAttributeNS(ANDROID, "minSdkVersion").matches("\\d+"), "AndroidManifest.xml names no oldest Android");
    }

    /** The names of the archive's classes, all in the package and old enough for Android. */
    private static List<String> classes(Path jar) throws IOException {
        try (JarFile classes = new JarFile(jar.toFile())) {
            List<ZipEntry> entries = classes.stream().filter(entry -> entry.getName().endsWith(".class")).collect(Collectors.toList());
            require(!entries.isEmpty(), "classes.jar holds no class");
            for (ZipEntry entry : entries) {
                require(entry.getName().startsWith(PACKAGE.replace('.', '/') + "/"), entry.getName() + " is of another package");
                try (InputStream bytes = classes.getInputStream(entry)) {
                    int version = ByteBuffer.wrap(bytes.readNBytes(8)).getShort(6);
                    require(version <= NEWEST_CLASS_FILE, entry.getName() + " is of version " + version);
                }
            }
            return entries.stream().map(entry -> entry.getName().replaceFirst("\\.class$", "").replace('/', '.')).toList();
        }
    }

    /** Compares what the classes expect of the library with what it says of itself. */
    private static void load(ClassLoader loader, Path library) throws Exception {
        System.setProperty("uniffi.component.acd_mobile.libraryOverride", library.toString());
        try {
            loader.loadClass(PACKAGE + ".Acd_mobileKt").getMethod("uniffiEnsureInitialized").invoke(null);
        } catch (InvocationTargetException error) {
            throw new IllegalStateException(library.getFileName() + " is not the library of these classes", error.getCause());
        }
    }

    private static Path extract(ZipFile archive, String name, Path folder) throws IOException {
        Path file = folder.resolve(Path.of(name).getFileName());
        try (InputStream bytes = archive.getInputStream(entry(archive, name))) {
            Files.copy(bytes, file);
        }
        return file;
    }

    private static ZipEntry entry(ZipFile archive, String name) {
        ZipEntry entry = archive.getEntry(name);
        require(entry != null, "has no " + name);
        return entry;
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalStateException("the archive " + problem);
        }
    }
}
